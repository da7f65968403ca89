/// Why a token is rejected, for the log only: the client gets the same response for every cause.
struct TokenRejection: Error, Equatable {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

/// The result of verifying a token.
enum TokenVerdict: Sendable {
    case good(Access)
    case bad(TokenRejection)
    /// Undecided, because the authorization server did not answer properly.
    case unknown(reason: String)
}
