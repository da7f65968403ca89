import JOSE

/// An error of the authorization server, or of the verification of its response.
public struct ElicitationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The cause; the raw value is the error code of the response where one exists.
    public enum Kind: String, Sendable {
        /// The request is invalid; the description names the member.
        case invalidRequest = "invalid_request"
        /// The client id or secret of this MCP server is wrong.
        case invalidClient = "invalid_client"
        /// The user's token has expired or is for another MCP server.
        case invalidSubjectToken = "invalid_subject_token"
        /// The access belongs to a client that acts for itself (`Access.isClient`), and the call needs a user.
        case noUser = "no_user"
        /// This MCP server may not use this kind of elicitation.
        case unsupportedKind = "unsupported_kind"
        /// This MCP server may not use this provider or scope, or may not send users to this host.
        case accessDenied = "access_denied"
        /// The elicitation, session or ticket was not found for this MCP server.
        case notFound = "not_found"
        /// The elicitation is not completed yet.
        case notCompleted = "not_completed"
        /// The outcome was reported before the user's ticket was redeemed.
        case notRedeemed = "not_redeemed"
        /// The user has no connected account at this provider (any more): create a `connect` elicitation.
        case notConnected = "invalid_grant"
        /// The user's connected account lacks a scope: create a `connect` elicitation with it.
        case scopeNotGranted = "invalid_scope"
        /// This MCP server may not get tokens of this provider.
        case invalidTarget = "invalid_target"
        /// The user's session was revoked or has expired.
        case sessionEnded = "session_ended"
        /// The result was collected before, or its time has expired.
        case alreadyCollected = "already_collected"
        /// The idempotency key was used for another request.
        case idempotencyConflict = "idempotency_conflict"
        /// Too many elicitations are open for this user; see `retryAfter`.
        case tooManyRequests = "too_many_requests"
        /// The authorization server could not be reached or did not answer properly.
        case unavailable = "temporarily_unavailable"
        /// The approval does not match the user, the session or the action.
        case invalidApproval = "invalid_approval"
        /// The `requestState` has expired, was changed, or is for another user, client or call.
        case invalidRequestState = "invalid_request_state"

        /// Whether the authorization server can send the code; the others come from this library.
        var isAnswer: Bool { self != .invalidApproval && self != .invalidRequestState }
    }

    /// The cause.
    public let kind: Kind
    /// One sentence without tokens or secrets.
    public let description: String
    /// Seconds to wait before the next request, if the authorization server says so.
    public let retryAfter: Int64?

    init(_ kind: Kind, _ sentence: String, retryAfter: Int64? = nil) {
        self.kind = kind
        self.description = sentence
        self.retryAfter = retryAfter
    }

    init(_ failure: DocumentFailure) {
        self.init(.unavailable, "The authorization server is unavailable: \(failure.reason).")
    }

    /// Parses an error response; a malformed one counts as `unavailable`.
    init(status: Int, body: [UInt8], retryAfter: String?) {
        let object = try? JSONObject(parsing: body)
        guard let kind = object?["error"]?.string.flatMap(Kind.init), kind.isAnswer else {
            self.init(
                .unavailable, "The authorization server answered \(status).", retryAfter: Self.seconds(retryAfter))
            return
        }
        let sentence = object?["error_description"]?.string ?? "The authorization server answered \(kind.rawValue)."
        self.init(kind, sentence, retryAfter: Self.seconds(retryAfter))
    }

    private static func seconds(_ field: String?) -> Int64? { field.flatMap { Int64($0) } }
}
