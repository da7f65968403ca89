import JOSE
import OAuth
import Storage

/// Revokes a connection: first in the database, with the audit record, then at the provider. The provider is asked
/// outside of the transaction and may fail; the connection has ended either way.
struct ConnectionRevocation: Sendable {
    /// The outcome of a revocation.
    enum Outcome: Sendable {
        /// The connection ended now; with the reply of its provider.
        case ended(Connection, ProviderReply)
        /// The connection had ended earlier.
        case alreadyEnded(Connection)
        /// There is no such connection, or it belongs to another user.
        case notFound
    }

    let store: Store
    /// Nil where this process makes no outbound requests.
    let client: ProviderClient?
    let vault: ConnectionVault

    /// Revokes a connection on behalf of `actor`; with an `owner`, only a connection of that user.
    func end(
        _ id: ConnectionID, of owner: UserID? = nil, reason: Connection.End, actor: AuditActor, now: Timestamp
    ) async throws -> Outcome {
        let found = try await store.write { transaction -> (before: Connection, after: Connection, Provider?)? in
            guard let before = try transaction.connections.find(id), owner == nil || before.userID == owner else {
                return nil
            }
            let isEnded = try transaction.connections.end(id, reason: reason, now: now)
            guard let after = try transaction.connections.find(id) else { return nil }
            if isEnded { try transaction.audit.append(AuditEntry(ended: after, by: actor, at: now)) }
            return (before, after, try transaction.providers.find(after.provider))
        }
        guard let (before, after, provider) = found else { return .notFound }
        guard before.endedAt == nil else { return .alreadyEnded(after) }
        return .ended(after, await revokeTokens(of: before, at: provider))
    }

    private func revokeTokens(of connection: Connection, at provider: Provider?) async -> ProviderReply {
        guard let client, let provider, let tokens = vault.tokens(of: connection) else { return .notAsked }
        // A task of its own: the database has forgotten the tokens, so a cancelled request must not leave them valid.
        return await Task { [vault] in
            do throws(ProviderFailure) {
                try await client.revoke(DiscardedToken(tokens), at: vault.access(to: provider))
                return .accepted
            } catch {
                return .failed("\(error)")
            }
        }.value
    }
}

/// The reply of a provider to the revocation of tokens.
package enum ProviderReply: Hashable, Sendable {
    /// The provider revoked the tokens.
    case accepted
    /// The provider was not asked: it was removed, or the tokens do not open.
    case notAsked
    /// The request failed; the reason, for operators.
    case failed(String)
}

extension AuditEntry {
    /// The audit record of a connection that `actor` revoked.
    init(ended connection: Connection, by actor: AuditActor, at now: Timestamp) {
        self.init(
            .connectionEnded, at: now, actor: actor, user: connection.userID, resource: connection.resourceID,
            reason: connection.endReason?.rawValue, initiator: .human, correlation: connection.id.string)
    }
}
