package import OAuth

/// The user in whose name the client of a session acts.
package struct SessionUser: Hashable, Sendable {
    package let id: UserID
    /// The user inside tokens.
    package let subject: Subject
    package let name: String
}

extension SessionGrant {
    /// The account of the user; nil for a client that acts for itself.
    package var userID: UserID? { user?.id }

    /// The `sub` of the session's tokens.
    package var subject: TokenSubject { user.map { .user($0.subject) } ?? .client(clientID) }
}
