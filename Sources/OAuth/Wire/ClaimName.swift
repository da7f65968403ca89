/// The claim names of tokens and introspection responses.
///
/// Spec: RFC 7519 §4.1
/// Spec: RFC 9068 §2.2
/// Spec: RFC 7662 §2.2
package enum ClaimName: String, Sendable {
    /// The issuer.
    case issuer = "iss"
    /// The user, or the client that acts for itself.
    case subject = "sub"
    /// The MCP server that the token is for.
    case audience = "aud"
    /// The client that the token was issued to.
    case clientID = "client_id"
    /// The session.
    case sessionID = "sid"
    /// The scopes.
    case scope
    /// The identifier of the token.
    case tokenID = "jti"
    /// The time of issue.
    case issuedAt = "iat"
    /// The time before which the token is not valid.
    case notBefore = "nbf"
    /// The expiration time.
    case expiresAt = "exp"
    /// The time of the user's authentication.
    case authTime = "auth_time"
    /// The authentication context class.
    case acr
    /// `client` in the tokens of a client that acts for itself.
    case actor = "gatehouse:actor"
    /// The key that the token is bound to.
    case confirmation = "cnf"
    /// Whether an introspected token is active.
    case active
    /// `Bearer` or `DPoP`, in introspection responses.
    case tokenType = "token_type"
    /// The user's name, in introspection responses.
    case username
}
