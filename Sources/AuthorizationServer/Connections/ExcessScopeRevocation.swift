import Logging
import OAuth
import Storage

/// Ends connections whose provider granted more scopes than their MCP server may have. Such a token allows what no
/// operator allowed, so it is neither handed out nor kept.
struct ExcessScopeRevocation: Sendable {
    let discardedTokens: DiscardedTokenRevocation

    /// A connection that has ended because of its scopes.
    struct EndedConnection: Sendable {
        let connection: Connection
        let provider: Provider?
        let failure: ProviderFailure
    }

    /// Ends the connection, with its audit record, if `granted` exceeds what the MCP server may have now; nil
    /// otherwise.
    func end(
        _ connection: Connection, granted: ScopeSet, in transaction: Transaction, now: Timestamp
    ) throws -> EndedConnection? {
        guard
            let excess = try ConnectionPolicy.excess(
                of: granted, at: connection.provider, for: connection.resourceID, in: transaction)
        else { return nil }
        if try transaction.connections.end(connection.id, reason: .scopeExceeded, now: now) {
            try transaction.audit.append(
                AuditEntry(
                    .connectionEnded, ofItself: connection, reason: Connection.End.scopeExceeded.rawValue, at: now))
        }
        return EndedConnection(
            connection: connection, provider: try transaction.providers.find(connection.provider),
            failure: .scopeExceeded(excess))
    }

    /// Logs the end and revokes the tokens at the provider: `tokens` if a refresh brought new ones, else those of the
    /// connection.
    func revokeTokens(of ended: EndedConnection, _ tokens: ProviderTokens? = nil) async {
        let connection = ended.connection
        let subject: Logger.Metadata = ["connection": "\(connection.id)"]
        discardedTokens.log.warning(
            "a connection ended because of its scopes; its tokens are revoked at the provider",
            metadata: subject.merging(
                ["provider": "\(connection.provider)", "cause": "\(ended.failure)"]) { $1 })
        guard let provider = ended.provider, let tokens = tokens ?? discardedTokens.vault.tokens(of: connection) else {
            return
        }
        _ = await discardedTokens.revoke(DiscardedToken(tokens), at: provider, about: subject)
    }
}

extension AuditEntry {
    /// The audit record of a change that Gatehouse made to a connection by itself.
    init(_ action: AuditAction, ofItself connection: Connection, reason: String? = nil, at now: Timestamp) {
        self.init(
            action, at: now, actor: .system, user: connection.userID, resource: connection.resourceID,
            reason: reason, initiator: .system, correlation: connection.id.string)
    }
}
