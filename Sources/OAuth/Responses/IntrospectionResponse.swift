package import JOSE

/// A response to token introspection.
///
/// Spec: RFC 7662 §2.2
package enum IntrospectionResponse: Sendable {
    /// Not active for the caller; the cause is not revealed.
    case inactive
    /// Active, with the token's claims.
    case active(AccessTokenClaims, username: String?)

    /// The body of the response.
    package var json: JSON {
        guard case .active(let claims, let username) = self else { return [ClaimName.active.rawValue: false] }
        let type = claims.keyThumbprint == nil ? TokenResponse.bearerType : TokenResponse.boundType
        var body: JSONObject = [ClaimName.active.rawValue: true, ClaimName.tokenType.rawValue: .string(type)]
        for (name, value) in claims.claims.members { body[name] = value }
        body[.username] = username.map(JSON.string)
        return .object(body)
    }
}
