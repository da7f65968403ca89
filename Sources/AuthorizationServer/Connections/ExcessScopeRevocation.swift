import Logging
import OAuth
import Storage

/// Ends the connections of which the provider granted more than their MCP server may have. Such a token can do what nobody
/// allowed, so it is neither handed out nor kept.
struct ExcessScopeRevocation: Sendable {
    let unkept: DiscardedTokenRevocation

    /// A connection that has ended because of its scopes.
    struct Ended: Sendable {
        let connection: Connection
        let provider: Provider?
        let failure: ProviderFailure
    }

    /// Ends the connection if `granted` exceeds what its MCP server may have now, with the record; nil when it does not.
    func end(
        _ connection: Connection, granted: ScopeSet, in transaction: Transaction, now: Timestamp
    ) throws -> Ended? {
        guard
            let excess = try ConnectionPolicy.excess(
                of: granted, at: connection.provider, for: connection.resourceID, in: transaction)
        else { return nil }
        if try transaction.connections.end(connection.id, reason: .scopeExceeded, now: now) {
            try transaction.audit.append(
                AuditEntry(
                    .connectionEnded, ofItself: connection, reason: Connection.End.scopeExceeded.rawValue, at: now))
        }
        return Ended(
            connection: connection, provider: try transaction.providers.find(connection.provider),
            failure: .scopeExceeded(excess))
    }

    /// Tells the log and the provider: `tokens` are what came and is not kept, or else what the connection held.
    func giveBack(_ ended: Ended, _ tokens: ProviderTokens? = nil) async {
        let connection = ended.connection
        let subject: Logger.Metadata = ["connection": "\(connection.id)"]
        unkept.log.warning(
            "a connection has ended because of its scopes, and its tokens are revoked at the provider",
            metadata: subject.merging(
                ["provider": "\(connection.provider)", "cause": "\(ended.failure)"]) { $1 })
        guard let provider = ended.provider, let tokens = tokens ?? unkept.vault.tokens(of: connection) else { return }
        _ = await unkept.revoke(DiscardedToken(tokens), at: provider, about: subject)
    }
}

extension AuditEntry {
    /// The record of what Gatehouse did to a connection by itself.
    init(_ action: AuditAction, ofItself connection: Connection, reason: String? = nil, at now: Timestamp) {
        self.init(
            action, at: now, actor: .system, user: connection.userID, resource: connection.resourceID,
            reason: reason, initiator: .system, correlation: connection.id.string)
    }
}
