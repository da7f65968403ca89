package import JOSE

/// The fields that a person is asked to fill in, as the flat schema of an MCP form says them.
///
/// Spec: MCP 2026-07-28 §Elicitation
package struct RequestedSchema: Hashable, Sendable {
    /// The schema as it was sent.
    package let json: JSONObject

    /// Reads a schema.
    package init(json: JSONObject) throws(OAuthError) {
        guard json["properties"]?.object?.isEmpty == false else {
            throw MemberReader.refusal("requested_schema.properties", "has to be an object with one member a field.")
        }
        self.json = json
    }
}
