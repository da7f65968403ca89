/// Why a token is not let through; for the log, since the client hears the same for every cause.
struct TokenRejection: Error, Equatable {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

/// What checking a token came to.
enum TokenVerdict: Sendable {
    case good(Access)
    case bad(TokenRejection)
    /// Nobody can tell: the authorization server did not answer as it should.
    case unknown(reason: String)
}
