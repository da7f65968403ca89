package import JOSE

/// A request to fill in fields that only the MCP server reads.
package struct SecretRequest: ElicitationKindRequest {
    package static let kind = ElicitationKind.secret
    package static let members = ["requested_schema"]

    /// The fields to fill in.
    package let schema: RequestedSchema

    /// Reads the member `requested_schema`.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        guard let schema = try reader.objectIfAny("requested_schema") else {
            throw reader.refusal("requested_schema", "is missing.")
        }
        self.schema = try RequestedSchema(json: schema)
    }

    package var json: JSONObject { ["requested_schema": .object(schema.json)] }
}
