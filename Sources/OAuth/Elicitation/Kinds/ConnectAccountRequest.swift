package import JOSE

/// Asks to connect an account at a third party.
package struct ConnectAccountRequest: ElicitationKindRequest {
    package static let kind = ElicitationKind.connect
    package static let members = ["provider", "scope"]

    /// The provider, as the MCP server named it: whether there is one of this name is told to nobody who may not use it.
    package let provider: String
    /// The scopes that are wanted; nil for all that the provider's rule gives the MCP server.
    package let scope: ScopeSet?

    /// Reads `provider` and `scope`.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        provider = try reader.text("provider", limit: 100)
        scope = try Self.scope(reader)
    }

    package var json: JSONObject {
        var json: JSONObject = ["provider": .string(provider)]
        json["scope"] = scope.map { .string($0.string) }
        return json
    }

    private static func scope(_ reader: MemberReader) throws(OAuthError) -> ScopeSet? {
        guard let text = try reader.textIfAny("scope", limit: 2000) else { return nil }
        do throws(OAuthValueError) {
            return try ScopeSet(parsing: text)
        } catch {
            throw reader.refusal("scope", "cannot be read. \(error.sentence)")
        }
    }
}
