package import JOSE

/// The one action that a person is asked to approve, as the MCP server describes it.
///
/// Both sides compute its digest, so that what was approved can be compared with what is about to run.
package struct ElicitationAction: Hashable, Sendable {
    /// One line of the description.
    package struct Detail: Hashable, Sendable {
        package let label: String
        package let value: String

        /// A line of the description.
        package init(label: String, value: String) {
            self.label = label
            self.value = value
        }
    }

    /// What the action is called, for programs.
    package let name: String
    /// What it does, for the person.
    package let summary: String
    /// What else the person should know, in order.
    package let details: [Detail]
    /// The arguments that it will run with.
    package let arguments: JSONObject?
    /// The action as it was sent.
    package let json: JSONObject
    /// SHA-256 over the canonical form.
    ///
    /// Spec: RFC 8785 §3.2
    package let digest: Digest

    /// Reads an action; every member is known, because the person's approval covers all of them.
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

    /// The digest that names `json` to everybody.
    static func digest(of json: JSONObject, called path: String) throws(OAuthError) -> Digest {
        do throws(CanonicalJSONError) {
            return .sha256(try json.canonical())
        } catch {
            throw MemberReader.refusal(path, "has no canonical form. \(error)")
        }
    }

    package static func == (one: Self, other: Self) -> Bool { one.digest == other.digest }
    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
