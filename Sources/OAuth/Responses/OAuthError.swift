package import JOSE

/// An OAuth error: a code, a description that is safe to send, and a private reason for the log.
///
/// Spec: RFC 6749 §5.2
/// Spec: RFC 6749 §4.1.2.1
/// Spec: RFC 6750 §3.1
/// Spec: RFC 7591 §3.2.2
/// Spec: RFC 8707 §2
/// Spec: RFC 9470 §5
/// Spec: RFC 9101 §7
/// Spec: RFC 8628 §3.5
package struct OAuthError: Error, Hashable, Sendable {
    /// The error codes of this server.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// A parameter is missing, repeated or malformed.
        case invalidRequest = "invalid_request"
        /// The client is unknown or failed to authenticate.
        case invalidClient = "invalid_client"
        /// The code or refresh token is invalid, expired or revoked, or belongs to another client.
        case invalidGrant = "invalid_grant"
        /// The client may not use this request.
        case unauthorizedClient = "unauthorized_client"
        /// The grant type is not supported.
        case unsupportedGrantType = "unsupported_grant_type"
        /// The response type is not supported.
        case unsupportedResponseType = "unsupported_response_type"
        /// No requested scope is known, or the value is malformed.
        case invalidScope = "invalid_scope"
        /// No redirect URI of a registration can be registered.
        case invalidRedirectURI = "invalid_redirect_uri"
        /// A member of a registration cannot be registered.
        case invalidClientMetadata = "invalid_client_metadata"
        /// The bearer token of a registration request is missing, unknown or spent.
        case invalidToken = "invalid_token"
        /// The resource is unknown, malformed, or not part of what was approved.
        case invalidTarget = "invalid_target"
        /// The user or a policy denied the request.
        case accessDenied = "access_denied"
        /// The user of a device has not decided yet.
        case authorizationPending = "authorization_pending"
        /// The user of a device has not decided yet, and the device asks too often.
        case slowDown = "slow_down"
        /// The device code has expired.
        case expiredToken = "expired_token"
        /// `prompt=none` was requested, but the user has to sign in.
        case loginRequired = "login_required"
        /// `prompt=none` was requested, but the user has to approve.
        case consentRequired = "consent_required"
        /// The user cannot meet the requested authentication requirement.
        case unmetAuthenticationRequirements = "unmet_authentication_requirements"
        /// A request object was sent in `request`.
        case requestNotSupported = "request_not_supported"
        /// The `request_uri` refers to something other than a pushed request.
        case requestURINotSupported = "request_uri_not_supported"
        /// The `request_uri` is unknown, expired, used, or another client's.
        case invalidRequestURI = "invalid_request_uri"
        /// The DPoP proof is malformed, or for another request.
        case invalidDPoPProof = "invalid_dpop_proof"
        /// The DPoP proof lacks the nonce of this server.
        case useDPoPNonce = "use_dpop_nonce"
        /// The user's token is unknown, expired or for another MCP server.
        case invalidSubjectToken = "invalid_subject_token"
        /// The token belongs to a client that acts for itself, and the request needs a user.
        case noUser = "no_user"
        /// This MCP server may not use this kind of elicitation.
        case unsupportedKind = "unsupported_kind"
        /// Not found, or not this MCP server's.
        case notFound = "not_found"
        /// The idempotency key was used for another request.
        case idempotencyConflict = "idempotency_conflict"
        /// The elicitation is not completed.
        case notCompleted = "not_completed"
        /// The ticket was not redeemed.
        case notRedeemed = "not_redeemed"
        /// The session was revoked or has expired.
        case sessionEnded = "session_ended"
        /// The result was collected before or has expired.
        case alreadyCollected = "already_collected"
        /// Too many are open.
        case tooManyRequests = "too_many_requests"
        /// The server failed.
        case serverError = "server_error"
        /// The server is busy or cannot write; the request may succeed later.
        case temporarilyUnavailable = "temporarily_unavailable"
    }

    static let maximumDescriptionLength = 512

    /// The error code; the raw value is the wire string.
    package let code: Code
    /// One sentence for the client's developer, in the characters that `error_description` permits.
    package let description: String
    /// The private cause, for the log; never sent.
    package let reason: String?
    /// Whether the description says what the user can do, so that a page adds no advice of its own.
    package let saysWhatToDo: Bool
    /// The nonce for the next DPoP proof, for a response header; nil for most errors.
    package private(set) var nonce: String?
    /// The caller as it identified itself, for the log.
    package private(set) var asker: String?
    /// The seconds after which the request may succeed; nil where the code alone decides.
    package private(set) var retryAfter: Int64?

    /// Makes an error; characters that `error_description` does not permit are replaced.
    package init(_ code: Code, _ description: String, reason: String? = nil, saysWhatToDo: Bool = false) {
        self.code = code
        self.description = Self.sanitised(description)
        self.reason = reason
        self.saysWhatToDo = saysWhatToDo
    }

    /// Makes an error from an invalid value.
    package init(_ code: Code, _ error: OAuthValueError) {
        self.init(code, error.sentence)
    }

    /// This error with the operator's reference appended to its description, for responses without a member for it.
    package func referring(to reference: String) -> OAuthError {
        OAuthError(code, "\(description) Reference: \(reference).", reason: reason)
    }

    /// This error with the seconds after which the request may succeed.
    package func retrying(after seconds: Int64) -> OAuthError {
        var error = self
        error.retryAfter = seconds
        return error
    }

    /// This error with the caller, unless it has one already.
    package func asked(by asker: String?) -> OAuthError {
        var error = self
        error.asker = error.asker ?? asker
        return error
    }

    /// This error with the nonce that the next DPoP proof must have.
    package func offering(nonce: String) -> OAuthError {
        var error = self
        error.nonce = nonce
        return error
    }

    /// The body of an error response.
    package var json: JSON { ["error": .string(code.rawValue), "error_description": .string(description)] }

    private static func sanitised(_ text: String) -> String {
        let bytes = text.unicodeScalars.prefix(maximumDescriptionLength).map { scalar -> UInt8 in
            switch scalar {
            case "\"": UInt8(ascii: "'")
            case "\\": UInt8(ascii: "/")
            case " "..."~": UInt8(truncatingIfNeeded: scalar.value)
            default: UInt8(ascii: "?")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
