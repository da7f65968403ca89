/// The members of tokens and of introspection answers, as they stand on the wire.
///
/// Spec: RFC 7519 §4.1
/// Spec: RFC 9068 §2.2
/// Spec: RFC 7662 §2.2
package enum ClaimName: String, Sendable {
    /// Who issued it.
    case issuer = "iss"
    /// Whose rights it carries.
    case subject = "sub"
    /// The one MCP server that it is for.
    case audience = "aud"
    /// Who got it.
    case clientID = "client_id"
    /// The session that it belongs to.
    case sessionID = "sid"
    /// What it allows.
    case scope
    /// Its own identifier.
    case tokenID = "jti"
    /// When it was issued.
    case issuedAt = "iat"
    /// When it ends.
    case expiresAt = "exp"
    /// When the person signed in.
    case authTime = "auth_time"
    /// How the person signed in.
    case acr
    /// Whether an introspected token is good at all.
    case active
    /// `Bearer`, in an introspection answer.
    case tokenType = "token_type"
    /// The person's name, in an introspection answer.
    case username
}
