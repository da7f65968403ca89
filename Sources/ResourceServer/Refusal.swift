/// The answer to a request that is not let through: an HTTP status, its header fields, and a sentence for the body.
///
/// Spec: RFC 6750 §3.1
public struct Refusal: Error, Hashable, Sendable {
    /// What was wrong, in the words of RFC 6750 and RFC 9470 where there are any.
    public enum Kind: String, Sendable {
        /// No token came along.
        case missingToken = "missing_token"
        /// The request cannot be read: two tokens, or a token with characters that no token has.
        case invalidRequest = "invalid_request"
        /// The token is expired, ended, forged, or meant for another MCP server.
        case invalidToken = "invalid_token"
        /// The token is good, but not for this.
        case insufficientScope = "insufficient_scope"
        /// The token is good, but its person signed in too long ago, or in another way than this wants.
        case insufficientUserAuthentication = "insufficient_user_authentication"
        /// The authorization server could not be asked.
        case unavailable = "temporarily_unavailable"
    }

    /// What was wrong.
    public let kind: Kind
    /// The value of the `WWW-Authenticate` field; nil when asking for another token would not help.
    public let challenge: String?
    /// One sentence for the client.
    public let message: String
    /// The cause, for the log of the MCP server and for nobody else; it holds no token.
    public let reason: String

    /// The HTTP status.
    public var status: Int {
        switch kind {
        case .missingToken, .invalidToken, .insufficientUserAuthentication: 401
        case .invalidRequest: 400
        case .insufficientScope: 403
        case .unavailable: 503
        }
    }

    /// The header fields that the answer needs.
    public var fields: [(name: String, value: String)] {
        var fields = [(name: "Cache-Control", value: "no-store")]
        if let challenge { fields.append((name: "WWW-Authenticate", value: challenge)) }
        if kind == .unavailable { fields.append((name: "Retry-After", value: "5")) }
        return fields
    }
}
