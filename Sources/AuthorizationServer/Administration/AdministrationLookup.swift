import JOSE
import OAuth
import Storage

/// Looks up the names on a command line. An unknown name is an error instead of an empty result, because it is likely mistyped.
extension AdministrationNoun {
    /// The user of this name.
    func user(_ name: String, _ transaction: Transaction) throws -> User {
        guard let user = try transaction.users.find(named: name) else {
            throw AdministrationError(.notFound, "User '\(name)' not found. List users with 'gatehouse users list'.")
        }
        return user
    }

    /// An idle time in seconds, checked so that it can be subtracted from the present.
    static func checkedIdleTime(_ seconds: Int64) throws(AdministrationError) -> Int64 {
        guard seconds >= 0 else { throw AdministrationError(.invalid, "The idle time must not be negative.") }
        return seconds
    }

    /// The user of this name or subject.
    func userOrSubject(_ text: String, _ transaction: Transaction) throws -> User {
        if let subject = Subject(text), let user = try transaction.users.find(subject: subject) { return user }
        return try user(text, transaction)
    }

    /// The MCP server of this ID or resource identifier. A removed one is not found.
    func resource(_ name: String, _ transaction: Transaction) throws -> Resource {
        if let id = ResourceID(name), let resource = try transaction.resources.find(id: id), resource.removedAt == nil {
            return resource
        }
        if let identifier = try? ResourceIdentifier(name),
            let resource = try transaction.resources.find(comparable: identifier.comparable)
        {
            return resource
        }
        throw AdministrationError(
            .notFound, "MCP server '\(name)' not found. List MCP servers with 'gatehouse resources list'.")
    }

    /// The provider of this name.
    func provider(_ text: String, _ transaction: Transaction) throws -> Provider {
        guard let name = try? ProviderName(text), let provider = try transaction.providers.find(name) else {
            throw AdministrationError(
                .notFound, "Provider '\(text)' not found. List providers with 'gatehouse providers list'.")
        }
        return provider
    }

    /// Whether a client is registered, by an administrator or by itself, has a metadata document or a rule here, or has ever had
    /// a session.
    func isKnown(_ id: ClientID, _ transaction: Transaction) throws -> Bool {
        try transaction.clients.find(id) != nil || transaction.documents.find(id) != nil
            || transaction.dynamicClients.find(id) != nil
            || transaction.clientRules.find(id) != nil
            || !transaction.sessions.list(SessionFilter(client: id), limit: 1, now: now).isEmpty
    }

    static func sessionNotFound(_ text: String) -> AdministrationError {
        AdministrationError(.notFound, "Session '\(text)' not found. List sessions with 'gatehouse sessions list'.")
    }

    static func clientNotFound(_ id: ClientID) -> AdministrationError {
        AdministrationError(.notFound, "Client '\(id)' not found. List clients with 'gatehouse clients list'.")
    }
}
