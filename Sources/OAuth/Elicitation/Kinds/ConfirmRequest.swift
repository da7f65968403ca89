package import JOSE

/// Asks to approve one described action.
package struct ConfirmRequest: ElicitationKindRequest {
    package static let kind = ElicitationKind.confirm
    package static let members = ["action"]
    package static let sharesDigest = true

    /// The action.
    package let action: ElicitationAction

    /// Asks to approve `action`.
    package init(_ action: ElicitationAction) { self.action = action }

    /// Reads `action`.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        guard let action = try reader.objectIfAny("action") else { throw reader.refusal("action", "is missing.") }
        self.init(try ElicitationAction(json: action))
    }

    package var json: JSONObject { ["action": .object(action.json)] }

    /// The digest of the action alone, which the MCP server compares with what is about to run.
    package func digest(message: String) -> Digest { action.digest }
}
