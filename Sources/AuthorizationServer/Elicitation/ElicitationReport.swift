package import JOSE
package import OAuth

/// How an elicitation stands, as its MCP server reads it.
package struct ElicitationReport: Sendable {
    package let id: ElicitationID
    package let kind: ElicitationKind
    package let status: ElicitationStatus
    /// Rises with every change of the status.
    package let version: Int64
    package let expiresAt: Timestamp
    /// The signed event of the final status, in compact form.
    package let event: String?

    /// Names the version, for conditional requests.
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

    /// Whether somebody who has these versions knows this one.
    package func isKnown(by tags: [String]) -> Bool { tags.contains { $0 == entityTag || $0 == "*" } }

    /// Whether there is something to wait for: nothing new to tell, and nothing final.
    func isAwaited(by tags: [String]) -> Bool { !status.isFinal && (tags.isEmpty || isKnown(by: tags)) }
}
