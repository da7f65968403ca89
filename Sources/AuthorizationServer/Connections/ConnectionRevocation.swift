import JOSE
import OAuth
import Storage

/// Ends a connection for good: here at once, with its record, and then at the provider, which is told outside of the
/// transaction and may not take it.
struct ConnectionRevocation: Sendable {
    /// What became of it.
    enum Verdict: Sendable {
        /// It is over here; what the provider said to it.
        case ended(Connection, ProviderReply)
        /// It was over before.
        case over(Connection)
        /// There is none, or it is another person's.
        case unknown
    }

    let store: Store
    /// Nil where nobody may go out.
    let client: ProviderClient?
    let vault: ConnectionVault

    /// Ends it in the name of `actor`; if `owner` is named, only that person's.
    func end(
        _ id: ConnectionID, of owner: UserID? = nil, reason: Connection.End, actor: AuditActor, now: Timestamp
    ) async throws -> Verdict {
        let found = try await store.write { transaction -> (before: Connection, after: Connection, Provider?)? in
            guard let before = try transaction.connections.find(id), owner == nil || before.userID == owner else {
                return nil
            }
            let isEnded = try transaction.connections.end(id, reason: reason, now: now)
            guard let after = try transaction.connections.find(id) else { return nil }
            if isEnded { try transaction.audit.append(AuditEntry(ended: after, by: actor, at: now)) }
            return (before, after, try transaction.providers.find(after.provider))
        }
        guard let (before, after, provider) = found else { return .unknown }
        guard before.endedAt == nil else { return .over(after) }
        return .ended(after, await tell(provider, about: before))
    }

    /// Gives the tokens back to the provider.
    private func tell(_ provider: Provider?, about connection: Connection) async -> ProviderReply {
        guard let client, let provider, let tokens = vault.tokens(of: connection) else { return .notAsked }
        // Nobody knows the tokens any more: a caller that hangs up must not keep them from being revoked.
        return await Task { [vault] in
            do throws(ProviderFailure) {
                try await client.revoke(DiscardedToken(tokens), at: vault.access(to: provider))
                return .taken
            } catch {
                return .failed("\(error)")
            }
        }.value
    }
}

/// What a provider says when tokens are given back to it.
package enum ProviderReply: Hashable, Sendable {
    case taken
    /// It could not be asked: it is gone here, or the tokens cannot be opened any more.
    case notAsked
    /// It did not take it; why, for operators.
    case failed(String)
}

extension AuditEntry {
    /// The record of a connection that somebody ended.
    init(ended connection: Connection, by actor: AuditActor, at now: Timestamp) {
        self.init(
            .connectionEnded, at: now, actor: actor, user: connection.userID, resource: connection.resourceID,
            reason: connection.endReason?.rawValue, initiator: .human, correlation: connection.id.string)
    }
}
