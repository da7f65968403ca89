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
        /// It brought more than the MCP server may have; the connection has ended.
        case exceeded
        /// The provider could not be asked now.
        case unavailable(ProviderFailure)
    }

    private let store: Store
    private let client: ProviderClient
    private let vault: ConnectionVault
    private let excess: ExcessScopeRevocation
    private let clock: WallClock
    private let log: Logger
    private let flights = Mutex<[ConnectionID: Task<Outcome, any Error>]>([:])

    init(store: Store, excess: ExcessScopeRevocation, clock: WallClock, log: Logger) {
        self.store = store
        self.excess = excess
        client = excess.unkept.client
        vault = excess.unkept.vault
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
            let connection = try transaction.connections.find(id)
            return (connection, try connection.flatMap { try transaction.providers.find($0.provider) })
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
        switch await refresh(tokens, refreshToken, at: provider, now: now) {
        case .success(let grant): return try await keep(grant, besides: tokens, of: connection, at: provider)
        case .failure(let failure):
            if let token = failure.token { await giveBack(token, of: connection, at: provider) }
            guard failure.cause != .refused("invalid_grant") else {
                return try await end(connection, "the provider refused to renew it")
            }
            log.warning(
                "a connection could not be renewed",
                metadata: ["provider": "\(provider.name)", "connection": "\(id)", "cause": "\(failure.cause)"])
            return .unavailable(failure.cause)
        }
    }

    private func refresh(
        _ tokens: ProviderTokens, _ refreshToken: String, at provider: Provider, now: Timestamp
    ) async -> Result<ProviderGrant, GrantFailure> {
        let access: ProviderAccess
        do throws(ProviderFailure) {
            access = try vault.access(to: provider)
        } catch {
            return .failure(GrantFailure(error))
        }
        do throws(GrantFailure) {
            return .success(try await client.refresh(tokens, refreshToken, at: access, now: now))
        } catch {
            return .failure(error)
        }
    }

    private enum Keeping: Sendable {
        case kept
        /// The connection ended meanwhile.
        case over
        case exceeded(ExcessScopeRevocation.Ended)
    }

    /// A renewal that brings more than the MCP server may have ends the connection, as it would have failed at the start.
    /// Whatever is not kept is revoked at the provider.
    private func keep(
        _ grant: ProviderGrant, besides earlier: ProviderTokens, of connection: Connection, at provider: Provider
    ) async throws -> Outcome {
        let keeping: Keeping
        do {
            keeping = try await write(grant, to: connection)
        } catch {
            // The connection stays, with the refresh token that it has.
            await giveBack(DiscardedToken(grant.tokens, besides: earlier), of: connection, at: provider)
            throw error
        }
        switch keeping {
        case .kept: return .renewed
        case .over:
            await giveBack(DiscardedToken(grant.tokens), of: connection, at: provider)
            return .ended
        case .exceeded(let ended):
            await excess.giveBack(ended, grant.tokens)
            return .exceeded
        }
    }

    private func write(_ grant: ProviderGrant, to connection: Connection) async throws -> Keeping {
        let now = clock.now()
        let scope = grant.scope ?? connection.scope
        return try await store.write { [vault, excess] transaction in
            if let ended = try excess.end(connection, granted: scope, in: transaction, now: now) {
                return .exceeded(ended)
            }
            let sealed = try vault.seal(grant.tokens, of: connection.id, in: transaction)
            guard try transaction.connections.refresh(connection.id, tokens: sealed, scope: scope, now: now) else {
                return .over
            }
            try transaction.audit.append(AuditEntry(.connectionRefreshed, ofItself: connection, at: now))
            return .kept
        }
    }

    private func giveBack(_ token: DiscardedToken, of connection: Connection, at provider: Provider) async {
        _ = await excess.unkept.revoke(token, at: provider, about: ["connection": "\(connection.id)"])
    }

    private func end(_ connection: Connection, _ reason: String) async throws -> Outcome {
        let now = clock.now()
        try await store.write { transaction in
            guard try transaction.connections.end(connection.id, reason: .refusedByProvider, now: now) else { return }
            try transaction.audit.append(AuditEntry(.connectionEnded, ofItself: connection, reason: reason, at: now))
        }
        return .ended
    }
}
