/// The response to a refused request: HTTP status, header fields and a sentence for the body.
///
/// Spec: RFC 6750 §3.1
/// Spec: RFC 9449 §9
public struct Refusal: Error, Hashable, Sendable {
    /// The cause; the raw value is the error code of RFC 6750 or RFC 9470 where one exists.
    public enum Kind: String, Sendable {
        /// The request has no token.
        case missingToken = "missing_token"
        /// The credentials are malformed: two tokens, or characters that no token contains.
        case invalidRequest = "invalid_request"
        /// The token is expired, revoked, forged, or for another MCP server.
        case invalidToken = "invalid_token"
        /// The token is valid but lacks a required scope.
        case insufficientScope = "insufficient_scope"
        /// The token is valid, but the user's sign-in is too old or of another class than required.
        case insufficientUserAuthentication = "insufficient_user_authentication"
        /// The client acts for itself, and the operation needs a user. Another token of the client would not help.
        case userRequired = "user_required"
        /// The proof of possession is missing, malformed, used before, for another request or of another key.
        case invalidProof = "invalid_dpop_proof"
        /// The proof of possession lacks a current nonce of this MCP server.
        case nonceMissing = "use_dpop_nonce"
        /// The authorization server could not be reached, or this server cannot remember further proofs.
        case unavailable = "temporarily_unavailable"
    }

    /// The cause.
    public let kind: Kind
    /// The value of the `WWW-Authenticate` header field; nil when another token would not help.
    public let challenge: String?
    /// One sentence for the client.
    public let message: String
    /// The detailed cause, for the MCP server's log only. It contains no token.
    public let reason: String
    /// The nonce for the next proof of possession; nil where none is demanded.
    public internal(set) var nonce: String?

    /// The HTTP status.
    public var status: Int {
        switch kind {
        case .missingToken, .invalidToken, .insufficientUserAuthentication, .invalidProof, .nonceMissing: 401
        case .invalidRequest: 400
        case .insufficientScope, .userRequired: 403
        case .unavailable: 503
        }
    }

    /// The header fields of the response.
    public var fields: [(name: String, value: String)] {
        var fields = [(name: "Cache-Control", value: "no-store")]
        if let challenge { fields.append((name: "WWW-Authenticate", value: challenge)) }
        if let nonce { fields.append((name: "DPoP-Nonce", value: nonce)) }
        if kind == .unavailable { fields.append((name: "Retry-After", value: "5")) }
        return fields
    }
}
