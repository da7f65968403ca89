package import JOSE
package import OAuth

/// The status of an elicitation as its MCP server reads it.
package struct ElicitationReport: Sendable {
    /// The handle of the elicitation.
    package let id: ElicitationID
    /// What the user was asked to do.
    package let kind: ElicitationKind
    /// The status as of the report.
    package let status: ElicitationStatus
    /// Rises with every change of the status.
    package let version: Int64
    /// When the elicitation expires; no later than its session.
    package let expiresAt: Timestamp
    /// The signed event of a final status, in compact serialization.
    package let event: String?

    /// The entity tag of this version, for conditional requests.
    ///
    /// Spec: RFC 9110 §8.8.3
    package var entityTag: String { "\"v\(version)\"" }

    /// The body of the answer.
    package var json: JSON {
        var body: JSONObject = [
            "id": .string(id.string), "kind": .string(kind.rawValue), "status": .string(status.rawValue),
            "version": .integer(version), "expires_at": .string(expiresAt.rfc3339),
        ]
        body["event"] = event.map(JSON.string)
        return .object(body)
    }

    /// Whether one of these entity tags names this version.
    package func isKnown(by tags: [String]) -> Bool { tags.contains { $0 == entityTag || $0 == "*" } }

    /// Whether a request with these entity tags waits for a change: the status is not final, and the MCP server knows
    /// this version or names none.
    func isAwaited(by tags: [String]) -> Bool { !status.isFinal && (tags.isEmpty || isKnown(by: tags)) }
}
