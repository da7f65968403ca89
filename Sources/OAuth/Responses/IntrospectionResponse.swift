package import JOSE

/// What an MCP server learns about a token.
///
/// Spec: RFC 7662 §2.2
package enum IntrospectionResponse: Sendable {
    /// Not good for whoever asks; why is nobody's business.
    case inactive
    /// Good at this moment, with what it says.
    case active(AccessTokenClaims, username: String?)

    /// The body of the answer.
    package var json: JSON {
        guard case .active(let claims, let username) = self else { return [ClaimName.active.rawValue: false] }
        var body: JSONObject = [ClaimName.active.rawValue: true, ClaimName.tokenType.rawValue: "Bearer"]
        for (name, value) in claims.claims.members { body[name] = value }
        body[.username] = username.map(JSON.string)
        return .object(body)
    }
}
