import JOSE
import Logging
import OAuth
import Storage
import Synchronization

/// Refreshes the tokens of connections. Requests that need the same connection at the same time share one refresh: a
/// provider that rotates refresh tokens takes a second use for theft.
final class ConnectionRefresh: Sendable {
    /// The outcome of a refresh.
    enum Outcome: Sendable {
        /// The row holds new tokens, from this refresh or another one.
        case renewed
        /// The connection has ended: the provider does not honour it any more.
        case ended
        /// The connection has ended: the provider granted more than the MCP server may have.
        case scopeExceeded
        /// The provider could not be asked; the connection stays.
        case unavailable(ProviderFailure)
    }

    private let store: Store
    private let client: ProviderClient
    private let vault: ConnectionVault
    private let excess: ExcessScopeRevocation
    private let clock: WallClock
    private let log: Logger
    private let running = Mutex<[ConnectionID: Task<Outcome, any Error>]>([:])

    init(store: Store, excess: ExcessScopeRevocation, clock: WallClock, log: Logger) {
        self.store = store
        self.excess = excess
        client = excess.discardedTokens.client
        vault = excess.discardedTokens.vault
        self.clock = clock
        self.log = log
    }

    /// Refreshes the connection unless its access token is valid for `margin` more seconds. A request that comes during
    /// a refresh gets that refresh's outcome. The refresh runs in a task of its own, so that a cancelled request does
    /// not cancel it for the others.
    func renew(_ id: ConnectionID, margin: Int64) async throws -> Outcome {
        let refresh = running.withLock { running in
            if let refresh = running[id] { return refresh }
            let refresh = Task {
                defer { self.running.withLock { $0[id] = nil } }
                return try await self.refresh(id, margin: margin)
            }
            running[id] = refresh
            return refresh
        }
        return try await refresh.value
    }

    private func refresh(_ id: ConnectionID, margin: Int64) async throws -> Outcome {
        let now = clock.now()
        let (connection, provider) = try await store.read { transaction in
            let connection = try transaction.connections.find(id)
            return (connection, try connection.flatMap { try transaction.providers.find($0.provider) })
        }
        // Another request may have ended or refreshed it since the caller read it.
        guard let connection, connection.endedAt == nil, let provider else { return .ended }
        guard let tokens = vault.tokens(of: connection) else {
            return .unavailable(.unavailable("the tokens were sealed with a key that was removed"))
        }
        guard !tokens.isValid(for: margin, from: now) else { return .renewed }
        guard let refreshToken = tokens.refresh else {
            return tokens.isValid(for: 1, from: now)
                ? .renewed : try await end(connection, "the access token expired and there is no refresh token")
        }
        switch await request(tokens, refreshToken, at: provider, now: now) {
        case .success(let grant): return try await keep(grant, besides: tokens, of: connection, at: provider)
        case .failure(let failure):
            if let token = failure.token { await revoke(token, of: connection, at: provider) }
            guard failure.cause != .refused("invalid_grant") else {
                return try await end(connection, "the provider refused to refresh it")
            }
            log.warning(
                "a connection could not be refreshed",
                metadata: ["provider": "\(provider.name)", "connection": "\(id)", "cause": "\(failure.cause)"])
            return .unavailable(failure.cause)
        }
    }

    private func request(
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

    private enum WriteOutcome: Sendable {
        case kept
        /// The connection ended during the refresh.
        case alreadyEnded
        case scopeExceeded(ExcessScopeRevocation.EndedConnection)
    }

    /// Keeps the new tokens. A refresh that grants more than the MCP server may have ends the connection, as the same
    /// grant would have failed at the start. Tokens that are not kept are revoked at the provider.
    private func keep(
        _ grant: ProviderGrant, besides earlier: ProviderTokens, of connection: Connection, at provider: Provider
    ) async throws -> Outcome {
        let outcome: WriteOutcome
        do {
            outcome = try await write(grant, to: connection)
        } catch {
            // The connection keeps its old refresh token, which must stay valid.
            await revoke(DiscardedToken(grant.tokens, besides: earlier), of: connection, at: provider)
            throw error
        }
        switch outcome {
        case .kept: return .renewed
        case .alreadyEnded:
            await revoke(DiscardedToken(grant.tokens), of: connection, at: provider)
            return .ended
        case .scopeExceeded(let ended):
            await excess.revokeTokens(of: ended, grant.tokens)
            return .scopeExceeded
        }
    }

    private func write(_ grant: ProviderGrant, to connection: Connection) async throws -> WriteOutcome {
        let now = clock.now()
        let scope = grant.scope ?? connection.scope
        return try await store.write { [vault, excess] transaction in
            if let ended = try excess.end(connection, granted: scope, in: transaction, now: now) {
                return .scopeExceeded(ended)
            }
            let sealed = try vault.seal(grant.tokens, of: connection.id, in: transaction)
            guard try transaction.connections.refresh(connection.id, tokens: sealed, scope: scope, now: now) else {
                return .alreadyEnded
            }
            try transaction.audit.append(AuditEntry(.connectionRefreshed, ofItself: connection, at: now))
            return .kept
        }
    }

    private func revoke(_ token: DiscardedToken, of connection: Connection, at provider: Provider) async {
        _ = await excess.discardedTokens.revoke(token, at: provider, about: ["connection": "\(connection.id)"])
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
