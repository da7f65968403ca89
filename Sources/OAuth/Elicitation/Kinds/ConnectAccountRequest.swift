package import JOSE

/// A request to connect an account at a provider.
package struct ConnectAccountRequest: ElicitationKindRequest {
    package static let kind = ElicitationKind.connect
    package static let members = ["provider", "scope"]

    /// The name of the provider as it was sent. It stays text: an MCP server without a rule must not learn whether the
    /// provider exists.
    package let provider: String
    /// The requested scopes; nil for all scopes of the MCP server's rule.
    package let scope: ScopeSet?

    /// Reads the members `provider` and `scope`.
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
            throw reader.refusal("scope", "is malformed. \(error.sentence)")
        }
    }
}
