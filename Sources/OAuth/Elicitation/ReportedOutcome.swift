package import JOSE

/// The report of an MCP server about a step on its own page.
package struct ReportedOutcome: Sendable {
    /// The outcomes that an MCP server can report.
    private enum Outcome: String, CaseIterable {
        case completed, declined, failed
    }

    /// The reported status.
    package let status: ElicitationStatus
    /// The MCP server's own reference, such as the number of a receipt.
    package let reference: String?

    /// Reads the report; an unknown member is refused.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        try reader.allowOnly(["outcome", "reference"])
        switch try reader.wordIfAny("outcome", Outcome.self) {
        case .completed: status = .completed
        case .declined: status = .declined
        case .failed: status = .failed
        case nil: throw reader.refusal("outcome", "is missing.")
        }
        reference = try reader.textIfAny("reference", limit: 100)
        guard reference?.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) ?? true else {
            throw reader.refusal("reference", "must consist of printable ASCII characters without spaces.")
        }
    }

    /// Reads the ticket of a request that redeems one.
    package static func ticket(json: JSONObject) throws(OAuthError) -> String {
        let reader = MemberReader(json)
        try reader.allowOnly(["ticket"])
        return try reader.text("ticket", limit: 200)
    }
}
