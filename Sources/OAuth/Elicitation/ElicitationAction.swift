package import JOSE

/// The action that a user is asked to approve, as the MCP server describes it.
///
/// Gatehouse and the MCP server both compute its digest, so that the MCP server can compare the approved action with
/// the one that it is about to run.
package struct ElicitationAction: Hashable, Sendable {
    /// One line of the action's description.
    package struct Detail: Hashable, Sendable {
        /// The label of the line, at most 100 characters.
        package let label: String
        /// The text of the line, at most 500 characters.
        package let value: String

        /// One line of the action's description.
        package init(label: String, value: String) {
            self.label = label
            self.value = value
        }
    }

    /// The name of the action, for programs.
    package let name: String
    /// What the action does, for the user.
    package let summary: String
    /// Further lines for the user, in the order in which they are shown.
    package let details: [Detail]
    /// The arguments with which the action will run.
    package let arguments: JSONObject?
    /// The action as it was sent.
    package let json: JSONObject
    /// SHA-256 over the canonical form.
    ///
    /// Spec: RFC 8785 §3.2
    package let digest: Digest

    /// Reads an action. An unknown member is refused, because the approval covers every member and the page has to show
    /// it.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json, at: "action")
        try reader.allowOnly(["name", "summary", "details", "arguments"])
        name = try reader.text("name", limit: 100)
        summary = try reader.text("summary", limit: 500)
        arguments = try reader.objectIfAny("arguments")
        var details: [Detail] = []
        for (index, value) in (try reader.arrayIfAny("details", limit: 20) ?? []).enumerated() {
            let reader = try MemberReader(value, at: "action.details[\(index)]")
            try reader.allowOnly(["label", "value"])
            details.append(
                Detail(label: try reader.text("label", limit: 100), value: try reader.text("value", limit: 500)))
        }
        self.details = details
        self.json = json
        digest = try Self.digest(of: json, called: "action")
    }

    /// The digest of the canonical form of `json`.
    static func digest(of json: JSONObject, called path: String) throws(OAuthError) -> Digest {
        do throws(CanonicalJSONError) {
            return .sha256(try json.canonical())
        } catch {
            throw MemberReader.refusal(path, "has no canonical form. \(error)")
        }
    }

    /// Equal digests mean equal actions, whatever the order of their members.
    package static func == (one: Self, other: Self) -> Bool { one.digest == other.digest }
    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
