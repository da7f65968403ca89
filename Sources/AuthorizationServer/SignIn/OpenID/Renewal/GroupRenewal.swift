import JOSE
import OAuth
import Storage

/// Asks identity providers for the groups of users with live sessions again, at most once an hour for each account.
///
/// No request of a user or of an MCP server waits for it. Where it fails, the groups grow older, and the access rules say for how
/// long they count.
package struct GroupRenewal: Sendable {
    /// Accounts that one round asks about.
    private static let mostPerRound = 200
    /// Requests at the same time: half of the connections to one provider, so that users can sign in there meanwhile.
    private static let mostAtOnce = 4

    let upstream: UpstreamSignIn

    private var store: Store { upstream.store }
    private var clock: WallClock { upstream.clock }

    /// Renews the groups of the accounts whose turn it is.
    package func round() async throws {
        let now = clock.now()
        let found = try await store.read { try $0.upstreamRefreshTokens.due(limit: Self.mostPerRound, now: now) }
        guard !found.isEmpty else { return }
        var due = try await store.write { try $0.upstreamRefreshTokens.take(found, now: now) }
        // A provider that is down is asked once and not for each of its users.
        var down: Set<ProviderName> = []
        while !due.isEmpty, !Task.isCancelled {
            let batch = due.prefix(Self.mostAtOnce)
            due.removeFirst(batch.count)
            // Tasks of their own: a provider that replaces its refresh token must not do so for an answer that nobody reads.
            let tasks = batch.map { token in (token.provider, Task { try await renew(token) }) }
            var answering: Set<ProviderName> = []
            for (provider, task) in tasks {
                if try await task.value == .unavailable { down.insert(provider) } else { answering.insert(provider) }
            }
            // A failure for one user alone must not cost the others their turn.
            down.subtract(answering)
            due.removeAll { down.contains($0.provider) }
        }
    }

    /// What a request led to, as the log says it.
    private enum Outcome: String, Sendable {
        case renewed
        /// The row, the provider or the user changed meanwhile: nothing happened.
        case overtaken
        case unavailable = "provider_unavailable"
        /// The provider does not know the token any more.
        case refused = "refresh_refused"
        case unusable = "answer_unusable"
    }

    private func renew(_ token: UpstreamRefreshToken) async throws -> Outcome {
        let provider = try await store.read { try $0.identityProviders.find(token.provider) }
        guard let provider, provider.settings.refreshesGroups, provider.issuer == token.issuer else {
            return .overtaken
        }
        guard let kept = upstream.vault.renewal(by: token) else {
            try await forget(token)
            return note(.unusable, at: provider, cause: "the refresh token was sealed with a key that was removed")
        }
        let grant: ProviderGrant
        do throws(ProviderFailure) {
            grant = try await ask(provider, kept.refresh)
        } catch {
            switch error {
            case .unavailable: return note(.unavailable, at: provider, cause: "\(error)")
            case .refused("invalid_grant"):
                try await forget(token)
                return note(.refused, at: provider, cause: "\(error)")
            case .refused, .unusable, .scopeExceeded: return note(.unusable, at: provider, cause: "\(error)")
            }
        }
        let answer = await claims(of: grant, for: token, kept, from: provider)
        let end = try await store.write { transaction in
            try commit(answer, grant.tokens.refresh, for: token, kept, from: provider, in: transaction)
        }
        switch end {
        case .overtaken: return .overtaken
        case .done(nil): return .renewed
        case .done(let problem?):
            let outcome: Outcome = if case .unavailable = problem { .unavailable } else { .unusable }
            return note(outcome, at: provider, cause: problem.cause ?? problem.word)
        }
    }

    private func ask(
        _ provider: IdentityProvider, _ refresh: Secret
    ) async throws(ProviderFailure) -> ProviderGrant {
        let access = try upstream.vault.access(to: provider, now: clock.now())
        do throws(GrantFailure) {
            return try await upstream.client.refresh(refresh, at: access, now: clock.now())
        } catch {
            throw error.cause
        }
    }

    /// The verified claims of the renewed ID token.
    private func claims(
        of grant: ProviderGrant, for token: UpstreamRefreshToken, _ kept: RenewalToken, from provider: IdentityProvider
    ) async -> Result<IDTokenClaims, UpstreamProblem> {
        do throws(UpstreamProblem) {
            guard let idToken = grant.idToken else { throw .unusable(cause: "the answer has no ID token") }
            let rule = IDTokenRule(
                renewing: token.subject, issuer: provider.issuer, client: provider.registration.clientID,
                nonce: kept.nonce, accessToken: grant.tokens.access)
            let (signed, keys) = try await upstream.signed(idToken.reveal(), by: provider)
            do throws(OpenIDTokenFault) {
                return .success(try signed.idToken(by: keys, rule, now: clock.now()))
            } catch {
                throw .unusable(cause: error.description)
            }
        } catch {
            return .failure(error)
        }
    }

    /// What the transaction after an answer found.
    private enum Commit: Sendable {
        /// A sign-in, a removal or a disabled user came in between.
        case overtaken
        /// The answer is stored, or changed nothing for this reason.
        case done(UpstreamProblem?)
    }

    /// Stores the provider's next refresh token and the groups.
    private func commit(
        _ answer: Result<IDTokenClaims, UpstreamProblem>, _ next: String?, for token: UpstreamRefreshToken,
        _ kept: RenewalToken, from provider: IdentityProvider, in transaction: Transaction
    ) throws -> Commit {
        guard try transaction.upstreamRefreshTokens.isCurrent(token),
            let identity = try transaction.upstreamIdentities.find(issuer: token.issuer, subject: token.subject)
        else { return .overtaken }
        if let next {
            let renewed = RenewalToken(refresh: Secret(next), nonce: kept.nonce)
            let sealed = try upstream.vault.seal(renewed, of: token.account, in: transaction)
            _ = try transaction.upstreamRefreshTokens.replace(token, with: sealed)
        }
        // A rule or a claim that changed meanwhile must not be applied as it was.
        guard try transaction.identityProviders.find(provider.name)?.isSame(as: provider) ?? false else {
            return .overtaken
        }
        switch answer {
        case .failure(let problem): return .done(problem)
        case .success(let claims):
            return .done(
                try RenewedGroups(
                    identity: identity, claims: claims, provider: provider, standing: upstream.standing,
                    transaction: transaction, now: clock.now()
                ).apply())
        }
    }

    private func forget(_ token: UpstreamRefreshToken) async throws {
        try await store.write { _ = try $0.upstreamRefreshTokens.forget(token) }
    }

    private func note(_ outcome: Outcome, at provider: IdentityProvider, cause: String) -> Outcome {
        upstream.lines.note(
            "group refresh failed",
            ["provider": provider.name.string, "outcome": outcome.rawValue, "cause": cause])
        return outcome
    }
}

extension Gatehouse {
    /// The renewal of groups of identity providers.
    package var groupRenewal: GroupRenewal { GroupRenewal(upstream: upstreamSignIn) }
}
