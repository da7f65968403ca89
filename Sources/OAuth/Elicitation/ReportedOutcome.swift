package import JOSE

/// What an MCP server says about a step on its own page.
package struct ReportedOutcome: Sendable {
    package let status: ElicitationStatus
    /// The MCP server's own name for what happened there, such as the number of a receipt.
    package let reference: String?

    /// Reads the report; members that are not known are passed over.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        switch try reader.text("outcome", limit: 20) {
        case "completed": status = .completed
        case "declined": status = .declined
        case "failed": status = .failed
        default: throw reader.refusal("outcome", "has to be completed, declined or failed.")
        }
        reference = try reader.textIfAny("reference", limit: 100)
        guard reference?.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) ?? true else {
            throw reader.refusal("reference", "has to be made of printable ASCII characters without blanks.")
        }
    }

    /// The ticket in a request to redeem it.
    package static func ticket(json: JSONObject) throws(OAuthError) -> String {
        try MemberReader(json).text("ticket", limit: 200)
    }
}
