/// The authorization request that a client pushes, without the client's credentials, as the text of a query.
///
/// Spec: RFC 9126 §2.1
package enum PushedAuthorization {
    /// The parameters of an authorization request that this server reads. Others are dropped, because a push may contain secrets
    /// and the text is stored.
    private static let kept: [ParameterName] = [
        .responseType, .responseMode, .redirectURI, .scope, .state, .codeChallenge, .codeChallengeMethod, .prompt,
        .maxAge, .acrValues, .loginHint,
    ]

    /// The request in `parameters` as `client` would send it in the URL of the authorization endpoint. A key that the push proves
    /// binds the code as `dpop_jkt` does.
    ///
    /// Spec: RFC 9101 §7
    /// Spec: RFC 9449 §10.1
    package static func query(
        _ parameters: Parameters, of client: ClientID, provingKey key: KeyThumbprint? = nil
    ) throws(OAuthError) -> String {
        guard !parameters.names(.requestURI) else {
            throw OAuthError(.invalidRequest, "Push the parameters themselves, without request_uri.")
        }
        guard try parameters.value(.request) == nil else {
            throw OAuthError(.requestNotSupported, "Push plain parameters: request objects are not supported.")
        }
        var pairs = [(ParameterName.clientID, client.string)]
        for name in kept {
            if let value = try parameters.value(name) { pairs.append((name, value)) }
        }
        if let key = try thumbprint(parameters.value(.keyThumbprint), proven: key) {
            pairs.append((.keyThumbprint, key))
        }
        pairs += try parameters.repeated(.resource).map { (.resource, $0) }
        return pairs.map { "\($0.rawValue)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
    }

    /// The key that binds the code: the named one, which a proof must not contradict, or the proven one.
    private static func thumbprint(
        _ named: String?, proven: KeyThumbprint?
    ) throws(OAuthError) -> String? {
        guard let proven else { return named }
        guard let named, named != proven.string else { return proven.string }
        throw OAuthError(.invalidDPoPProof, "The DPoP proof is of another key than dpop_jkt names.")
    }
}
