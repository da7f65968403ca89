/// The metrics that endpoints count through swift-metrics, each with its help. A series appears when it is first counted.
enum CountedMetric {
    /// The help of each counter and histogram by its name.
    static let help: [String: String] = [
        "gatehouse_code_repeats_total": "Redemptions of a code that the client sent twice within a second.",
        "gatehouse_elicitation_own_password_total":
            "Values typed for an MCP server that were the user's own password.",
        "gatehouse_elicitation_wrong_person_total": "Elicitations opened or answered with another account.",
        "gatehouse_events_total": "Attempts to deliver an event, by outcome.",
        "gatehouse_http_request_seconds": "Time from the head of a request to its response, by route.",
        "gatehouse_http_request_seconds_total": "Time from the heads of requests to their responses, added up.",
        "gatehouse_http_requests_total": "Requests answered, by route, method and status.",
        "gatehouse_refusals_total": "Refused requests that leave no audit record, by error code.",
        "gatehouse_registrations_total": "Registrations of clients by themselves, by outcome.",
        "gatehouse_sign_ins_total": "Sign-ins by method and outcome.",
    ]
}
