/// The party whose access a token grants (`sub`): a user, or a client that acts for itself.
///
/// `sub_` begins the subject of every user and no id of a client that acts for itself, so neither can pass as the other.
package enum TokenSubject: Hashable, Sendable, CustomStringConvertible {
    /// A user, in whose name the client acts.
    case user(Subject)
    /// The client itself, by its `client_id`.
    case client(ClientID)

    /// The value of `gatehouse:actor` in the tokens of a client that acts for itself; the tokens of users have no such claim.
    package static let clientActor = "client"

    /// The value of `sub`.
    package var string: String {
        switch self {
        case .user(let subject): subject.string
        case .client(let id): id.string
        }
    }

    /// The user's subject; nil for a client that acts for itself.
    package var user: Subject? {
        switch self {
        case .user(let subject): subject
        case .client: nil
        }
    }

    /// The value of `sub`.
    package var description: String { string }
}
