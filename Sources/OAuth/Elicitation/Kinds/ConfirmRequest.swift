package import JOSE

/// A request to approve one described action.
package struct ConfirmRequest: ElicitationKindRequest {
    package static let kind = ElicitationKind.confirm
    package static let members = ["action"]
    /// The MCP server compares the digest in the approval with the digest of the action that it is about to run.
    package static let sharesDigest = true

    /// The action to approve.
    package let action: ElicitationAction

    /// A request to approve `action`.
    package init(_ action: ElicitationAction) { self.action = action }

    /// Reads the member `action`.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        guard let action = try reader.objectIfAny("action") else { throw reader.refusal("action", "is missing.") }
        self.init(try ElicitationAction(json: action))
    }

    package var json: JSONObject { ["action": .object(action.json)] }

    /// The digest of the action alone, which the MCP server compares with the action that it is about to run.
    package func digest(message: String) -> Digest { action.digest }
}
