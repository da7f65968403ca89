import JOSE
import OAuth
import Storage

/// Names that operators type, looked up. A name that nobody has is refused instead of matching nothing.
extension AdministrationNoun {
    /// The user of this name, or the refusal that names it.
    func user(_ name: String, _ transaction: Transaction) throws -> User {
        guard let user = try transaction.users.find(named: name) else {
            throw AdministrationError(.notFound, "There is no user '\(name)'; 'gatehouse users list' names them.")
        }
        return user
    }

    /// A time of disuse that can be taken from the present.
    static func checkedDisuse(_ seconds: Int64) throws(AdministrationError) -> Int64 {
        guard seconds >= 0 else { throw AdministrationError(.invalid, "A time of disuse is not negative.") }
        return seconds
    }

    /// The account of this name or subject, or the refusal that names it.
    func userOrSubject(_ text: String, _ transaction: Transaction) throws -> User {
        if let subject = Subject(text), let user = try transaction.users.find(subject: subject) { return user }
        return try user(text, transaction)
    }

    /// The MCP server of this id or identifier, or the refusal that names it.
    func resource(_ name: String, _ transaction: Transaction) throws -> Resource {
        if let id = ResourceID(name), let resource = try transaction.resources.find(id: id), resource.removedAt == nil {
            return resource
        }
        if let identifier = try? ResourceIdentifier(name),
            let resource = try transaction.resources.find(comparable: identifier.comparable)
        {
            return resource
        }
        throw AdministrationError(.notFound, "There is no MCP server '\(name)'; 'gatehouse resources list' names them.")
    }

    /// The provider of this name, or the refusal that names it.
    func provider(_ text: String, _ transaction: Transaction) throws -> Provider {
        guard let name = try? ProviderName(text), let provider = try transaction.providers.find(name) else {
            throw AdministrationError(
                .notFound, "There is no provider '\(text)'; 'gatehouse providers list' names them.")
        }
        return provider
    }

    /// Whether a client is registered, known by a document or a rule, or was when a session began.
    func isKnown(_ id: ClientID, _ transaction: Transaction) throws -> Bool {
        try transaction.clients.find(id) != nil || transaction.documents.find(id) != nil
            || transaction.clientRules.find(id) != nil
            || !transaction.sessions.list(SessionFilter(client: id), limit: 1, now: now).isEmpty
    }

    static func noSession(_ text: String) -> AdministrationError {
        AdministrationError(.notFound, "There is no session '\(text)'; 'gatehouse sessions list' names them.")
    }

    static func noClient(_ id: ClientID) -> AdministrationError {
        AdministrationError(.notFound, "There is no client '\(id)'; 'gatehouse clients list' names them.")
    }
}
