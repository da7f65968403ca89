import JOSE

/// Why the authorization server did not do what was asked of it about an elicitation.
public struct ElicitationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong, by the error code of the answer where there was one.
    public enum Kind: String, Sendable {
        /// The request itself; the sentence names the member.
        case invalidRequest = "invalid_request"
        /// This MCP server's own client id and secret.
        case invalidClient = "invalid_client"
        /// The person's token is over, or is for another MCP server, or has no person.
        case invalidSubjectToken = "invalid_subject_token"
        /// This kind of elicitation was not granted to this MCP server.
        case unsupportedKind = "unsupported_kind"
        /// This MCP server may not ask for this at this provider, or may not send people to this host.
        case accessDenied = "access_denied"
        /// There is no such elicitation, session or ticket of this MCP server.
        case notFound = "not_found"
        /// The result was asked for before there was one.
        case notCompleted = "not_completed"
        /// Its end was reported before anybody came with a ticket.
        case notRedeemed = "not_redeemed"
        /// No account of this provider is connected, or it is no longer: ask the person to connect it.
        case notConnected = "invalid_grant"
        /// This MCP server may have no tokens of this provider.
        case invalidTarget = "invalid_target"
        /// The person's session has ended.
        case sessionEnded = "session_ended"
        /// The result was handed out before, or too long ago.
        case alreadyCollected = "already_collected"
        /// The same idempotency key came with another request.
        case idempotencyConflict = "idempotency_conflict"
        /// Too many of them wait for this person; see `retryAfter`.
        case tooManyRequests = "too_many_requests"
        /// The authorization server could not be asked, or did not answer as it should.
        case unavailable = "temporarily_unavailable"
        /// The approval is not the person's for this very action.
        case invalidApproval = "invalid_approval"
        /// A `requestState` that is over, was changed, or was made for another person, client or call.
        case invalidRequestState = "invalid_request_state"

        /// Those that the authorization server says; the others are found out here.
        var isAnswer: Bool { self != .invalidApproval && self != .invalidRequestState }
    }

    /// What was wrong.
    public let kind: Kind
    /// One sentence; it holds no token and no secret.
    public let description: String
    /// After how many seconds to ask again, where the authorization server says so.
    public let retryAfter: Int64?

    init(_ kind: Kind, _ sentence: String, retryAfter: Int64? = nil) {
        self.kind = kind
        self.description = sentence
        self.retryAfter = retryAfter
    }

    init(_ failure: DocumentFailure) {
        self.init(.unavailable, "The authorization server could not be asked: \(failure.reason).")
    }

    /// What a refusing answer says; one that cannot be read counts as no answer.
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
