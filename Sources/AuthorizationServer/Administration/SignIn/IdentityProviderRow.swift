import JOSE
import OAuth
import Storage

extension IdentityProvider {
    /// The row of an identity provider, without its secret.
    func row(redirectURI: String?, keys: JWKSet?) -> JSONObject {
        var row: JSONObject = [
            "name": .string(name.string), "issuer": .string(issuer.string),
            "client_id": .string(registration.clientID), "auth": .string(registration.authMethod.rawValue),
            "assertion_audience": JSON(assertionAudience?.rawValue),
        ]
        for option in IdentityProviderOptions.declared { row[option.key.name] = option.shown(in: settings) }
        // What follows from the options and the metadata together.
        row["group_claim"] = JSON(groupClaim)
        row["acr_values"] = .strings(contexts.map(\.rawValue))
        row["scope"] = .string(scope.string)
        row["authorization_endpoint"] = .string(registration.authorizationEndpoint)
        row["token_endpoint"] = .string(registration.tokenEndpoint)
        row["jwks_url"] = .string(keysURL)
        row["end_session_endpoint"] = JSON(endSessionEndpoint)
        row["redirect_uri"] = JSON(redirectURI)
        row["created_at"] = .string(registration.createdAt.rfc3339)
        // As text, so that the table shows what is to be pasted at the provider.
        row["client_jwks"] = keys.map { .string($0.json.text) }
        return row
    }
}

extension JSONObject {
    /// The row of an identity provider with the e-mail domains whose users sign in there.
    func with(homeDomains: [String]) -> JSONObject {
        var row = self
        row["home_domains"] = .strings(homeDomains)
        return row
    }
}
