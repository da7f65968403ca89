package import JOSE

/// A refusal in the protocol's own words: a closed code, a sentence that is safe to send, and a cause for the log alone.
///
/// Spec: RFC 6749 §5.2
/// Spec: RFC 6749 §4.1.2.1
/// Spec: RFC 8707 §2
/// Spec: RFC 9470 §5
package struct OAuthError: Error, Hashable, Sendable {
    /// The codes that this server speaks.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// A parameter is missing, repeated or malformed.
        case invalidRequest = "invalid_request"
        /// The client is unknown or did not prove itself.
        case invalidClient = "invalid_client"
        /// The code or refresh token is not (or no longer) good for this client.
        case invalidGrant = "invalid_grant"
        /// This client may not do this.
        case unauthorizedClient = "unauthorized_client"
        /// The grant type is not served.
        case unsupportedGrantType = "unsupported_grant_type"
        /// The response type is not served.
        case unsupportedResponseType = "unsupported_response_type"
        /// No requested scope is known, or the value is malformed.
        case invalidScope = "invalid_scope"
        /// The resource is unknown, malformed, or not part of what was approved.
        case invalidTarget = "invalid_target"
        /// The person, or a policy, said no.
        case accessDenied = "access_denied"
        /// `prompt=none` was asked for, and somebody would have to sign in.
        case loginRequired = "login_required"
        /// `prompt=none` was asked for, and a person would have to approve.
        case consentRequired = "consent_required"
        /// The person cannot sign in here in any way that was asked for.
        case unmetAuthenticationRequirements = "unmet_authentication_requirements"
        /// The person's token is unknown, over, of another MCP server, or of nobody.
        case invalidSubjectToken = "invalid_subject_token"
        /// This MCP server may not ask for this kind of elicitation.
        case unsupportedKind = "unsupported_kind"
        /// There is none, or none of this MCP server's.
        case notFound = "not_found"
        /// The same key came with another request.
        case idempotencyConflict = "idempotency_conflict"
        /// The person has not completed it.
        case notCompleted = "not_completed"
        /// The ticket of the hand-over was not redeemed.
        case notRedeemed = "not_redeemed"
        /// The session that it belongs to is over.
        case sessionEnded = "session_ended"
        /// It was handed out before, or waited too long.
        case alreadyCollected = "already_collected"
        /// Too many are open.
        case tooManyRequests = "too_many_requests"
        /// Something failed on this side.
        case serverError = "server_error"
        /// Too busy, or unable to write: the same request may succeed later.
        case temporarilyUnavailable = "temporarily_unavailable"
    }

    static let maximumDescriptionLength = 512

    /// The code, with its wire string as raw value.
    package let code: Code
    /// One sentence for whoever builds the client, in the characters that the wire allows.
    package let description: String
    /// The private cause. Never sent.
    package let reason: String?
    /// Who asked, as it named itself, for the log alone.
    package private(set) var asker: String?

    /// Makes a refusal; characters that `error_description` may not hold are replaced.
    package init(_ code: Code, _ description: String, reason: String? = nil) {
        self.code = code
        self.description = Self.sanitised(description)
        self.reason = reason
    }

    /// Makes a refusal out of what is wrong with a value.
    package init(_ code: Code, _ error: OAuthValueError) {
        self.init(code, error.sentence)
    }

    /// The same refusal for a place that has no room for the reference by which an operator finds what happened: its
    /// sentence ends with it.
    package func referring(to reference: String) -> OAuthError {
        OAuthError(code, "\(description) Reference: \(reference).", reason: reason)
    }

    /// The same refusal of a request in this one's name; whoever is named already stays.
    package func asked(by asker: String?) -> OAuthError {
        var error = self
        error.asker = error.asker ?? asker
        return error
    }

    /// The body of an error answer.
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
