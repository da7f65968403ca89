import JOSE
import Logging
import OAuth
import Storage
import Synchronization

/// Renews what a provider gave out. Of many who need it at once one asks; providers that rotate refresh tokens would take
/// a second one for theft.
final class ConnectionRefresh: Sendable {
    /// What came of it.
    enum Outcome: Sendable {
        /// Look again: it was renewed, here or by somebody else.
        case renewed
        /// The provider no longer honours the connection; it has ended.
        case ended
        /// The provider could not be asked now.
        case unavailable(ProviderFailure)
    }

    private let store: Store
    private let client: ProviderClient
    private let vault: ConnectionVault
    private let clock: WallClock
    private let log: Logger
    private let flights = Mutex<[ConnectionID: Task<Outcome, any Error>]>([:])

    init(store: Store, client: ProviderClient, vault: ConnectionVault, clock: WallClock, log: Logger) {
        self.store = store
        self.client = client
        self.vault = vault
        self.clock = clock
        self.log = log
    }

    /// Renews the connection unless its access token lasts `margin` seconds. Who comes while somebody is at it gets the
    /// same outcome; who hangs up stops nobody.
    func renew(_ id: ConnectionID, margin: Int64) async throws -> Outcome {
        let flight = flights.withLock { flights in
            if let flight = flights[id] { return flight }
            let flight = Task {
                defer { self.flights.withLock { $0[id] = nil } }
                return try await self.fly(id, margin: margin)
            }
            flights[id] = flight
            return flight
        }
        return try await flight.value
    }

    private func fly(_ id: ConnectionID, margin: Int64) async throws -> Outcome {
        let now = clock.now()
        let (connection, provider) = try await store.read { transaction in
            let connection = try transaction.connection(id)
            return (connection, try connection.flatMap { try transaction.provider($0.provider) })
        }
        // Somebody may have been faster.
        guard let connection, connection.endedAt == nil, let provider else { return .ended }
        guard let tokens = vault.tokens(of: connection) else {
            return .unavailable(.unavailable("the tokens were sealed with a key that is gone"))
        }
        guard !tokens.last(margin, from: now) else { return .renewed }
        guard let refreshToken = tokens.refresh else {
            return tokens.last(1, from: now) ? .renewed : try await end(connection, "the token ran out")
        }
        do {
            let grant = try await client.refresh(
                tokens, refreshToken, at: vault.access(to: provider), now: now)
            return try await keep(grant, of: connection, at: provider)
        } catch ProviderFailure.refused("invalid_grant") {
            return try await end(connection, "the provider refused to renew it")
        } catch let failure as ProviderFailure {
            log.warning(
                "a connection could not be renewed",
                metadata: ["provider": "\(provider.name)", "connection": "\(id)", "cause": "\(failure)"])
            return .unavailable(failure)
        }
    }

    /// A renewal that brings more than the MCP server may have ends the connection, as it would have failed at the start.
    private func keep(
        _ grant: ProviderGrant, of connection: Connection, at provider: Provider
    ) async throws -> Outcome {
        let now = clock.now()
        let scope = grant.scope ?? connection.scope
        let (outcome, excess) = try await store.write { [vault] transaction -> (Outcome, ScopeSet?) in
            if let excess = try ConnectionPolicy.excess(
                of: scope, at: connection.provider, for: connection.resourceID, in: transaction)
            {
                if try transaction.end(connection.id, reason: .scopeExceeded, now: now) {
                    try transaction.audit(
                        .connectionEnded, of: connection, reason: Connection.End.scopeExceeded.rawValue, now: now)
                }
                return (.ended, excess)
            }
            let sealed = try vault.seal(grant.tokens, of: connection.id, in: transaction)
            guard try transaction.refresh(connection.id, tokens: sealed, scope: scope, now: now) else {
                return (.ended, nil)
            }
            try transaction.audit(.connectionRefreshed, of: connection, now: now)
            return (.renewed, nil)
        }
        if let excess { note(.scopeExceeded(excess), connection) }
        if case .ended = outcome {
            // Nobody keeps these, and the provider would go on to honour them.
            do throws(ProviderFailure) {
                try await client.revoke(grant.tokens, at: vault.access(to: provider))
            } catch {
                note(error, connection)
            }
        }
        return outcome
    }

    private func note(_ failure: ProviderFailure, _ connection: Connection) {
        log.warning(
            "a connection was not renewed, and its tokens are given back",
            metadata: [
                "provider": "\(connection.provider)", "connection": "\(connection.id)", "cause": "\(failure)",
            ])
    }

    private func end(_ connection: Connection, _ reason: String) async throws -> Outcome {
        let now = clock.now()
        try await store.write { transaction in
            guard try transaction.end(connection.id, reason: .refusedByProvider, now: now) else { return }
            try transaction.audit(.connectionEnded, of: connection, reason: reason, now: now)
        }
        return .ended
    }
}

extension Transaction {
    /// A record about a connection, of what Gatehouse did by itself.
    fileprivate func audit(
        _ action: AuditAction, of connection: Connection, reason: String? = nil, now: Timestamp
    ) throws {
        try audit(
            AuditEntry(
                action, at: now, actor: .system, user: connection.userID, resource: connection.resourceID,
                reason: reason, initiator: .system, correlation: connection.id.string))
    }
}
