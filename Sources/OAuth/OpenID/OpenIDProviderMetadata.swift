import JOSE

/// The metadata of an OpenID provider, as far as a sign-in needs it. Its addresses are not vetted yet.
///
/// Spec: OpenID Connect Discovery §3
/// Spec: OpenID Connect Discovery §4.3
package struct OpenIDProviderMetadata: Hashable, Sendable {
    /// The address to which browsers are sent.
    package let authorizationEndpoint: String
    /// The address at which codes are redeemed.
    package let tokenEndpoint: String
    /// The address of the keys that sign ID tokens (`jwks_uri`).
    package let keysURL: String
    /// The address at which a browser signs out; nil if the provider has none.
    package let endSessionEndpoint: String?
    /// The client authentication methods of the token endpoint; the specification's default if the document names none.
    package let authenticationMethods: [String]
    /// The algorithms in which the token endpoint accepts assertions; nil if the document names none.
    package let assertionAlgorithms: [String]?
    /// The authentication contexts that the provider can be asked for; empty if the document names none.
    package let contexts: [AuthenticationContext]
    /// Whether every authorization response has `iss`, so that one without it is refused.
    package let sendsIssuer: Bool

    /// Reads the document of `issuer`, and refuses a provider with which no sign-in could succeed.
    package init(_ bytes: [UInt8], of issuer: OpenIDIssuer) throws(OAuthValueError) {
        guard let json = try? JSONObject(parsing: bytes), let named = json["issuer"]?.string else {
            throw OAuthValueError("The metadata of \(issuer) is not a JSON object with an issuer.")
        }
        guard issuer.matches(named) else {
            // The document of a template names a template, and its sentence says more than a difference does.
            _ = try OpenIDIssuer(named)
            throw OAuthValueError(
                "The metadata of \(issuer) names another issuer. Write the issuer exactly as the provider names itself."
            )
        }
        authorizationEndpoint = try Self.endpoint("authorization_endpoint", of: json)
        tokenEndpoint = try Self.endpoint("token_endpoint", of: json)
        keysURL = try Self.endpoint("jwks_uri", of: json)
        endSessionEndpoint = json["end_session_endpoint"]?.string
        if let algorithms = json["id_token_signing_alg_values_supported"]?.strings,
            !algorithms.contains(where: { SignatureAlgorithm(rawValue: $0) != nil })
        {
            let accepted = SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
            throw OAuthValueError("\(issuer) signs ID tokens with none of the accepted algorithms: \(accepted).")
        }
        // Providers that support PKCE without announcing it are common; the nonce protects against them too.
        if let methods = json["code_challenge_methods_supported"]?.strings, !methods.contains(CodeChallenge.method) {
            throw OAuthValueError("\(issuer) does not support PKCE with S256, which Gatehouse requires.")
        }
        authenticationMethods = json["token_endpoint_auth_methods_supported"]?.strings ?? ["client_secret_basic"]
        assertionAlgorithms = json["token_endpoint_auth_signing_alg_values_supported"]?.strings
        contexts = (json["acr_values_supported"]?.strings ?? []).map(AuthenticationContext.init(rawValue:))
        sendsIssuer = json["authorization_response_iss_parameter_supported"]?.bool ?? false
    }

    private static func endpoint(_ name: String, of json: JSONObject) throws(OAuthValueError) -> String {
        guard let url = json[name]?.string else {
            throw OAuthValueError("The metadata of \(json["issuer"]?.string ?? "the provider") lacks \(name).")
        }
        return url
    }
}
