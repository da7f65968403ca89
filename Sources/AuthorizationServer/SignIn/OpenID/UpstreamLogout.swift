import JOSE
package import OAuth
import Storage

/// Ends browser logins when their identity provider says that the user signed out there.
///
/// Spec: OpenID Connect Back-Channel Logout §2.7
package struct UpstreamLogout: Sendable {
    let store: Store
    let upstream: UpstreamSignIn
    let limit: SourceLimit
    let lines: DeduplicatedLog

    private var clock: WallClock { upstream.clock }

    /// Handles the form of a provider. Everybody can send one, so nothing happens before the token is verified, and the answer to
    /// every fault is the same.
    package func end(_ provider: String, _ form: Parameters, address: String?, reference: String) async throws {
        try limit.check(RequestSource(address: address), now: clock.now())
        let found = try await store.read { transaction in
            try (try? ProviderName(provider)).flatMap { try transaction.identityProviders.find($0) }
        }
        guard let found, let compact = try form.value("logout_token") else { throw Self.refusal }
        let claims: LogoutTokenClaims
        do throws(UpstreamProblem) {
            let (token, keys) = try await upstream.signed(compact, by: found)
            let rule = LogoutTokenRule(issuer: found.issuer, client: found.registration.clientID)
            do throws(OpenIDTokenFault) {
                claims = try token.logoutToken(by: keys, rule, now: clock.now())
            } catch {
                throw .unusable(cause: error.description)
            }
        } catch {
            lines.note(
                "logout token refused",
                ["provider": found.name.string, "outcome": error.word, "cause": error.cause], reference: reference)
            if case .unavailable = error {
                throw OAuthError(.temporarilyUnavailable, "The keys of the provider cannot be fetched at the moment.")
            }
            throw Self.refusal
        }
        try await commit(claims, of: found)
    }

    /// Ends the logins, and the sessions where the provider's policy says so, in one transaction with the spent token.
    private func commit(_ claims: LogoutTokenClaims, of provider: IdentityProvider) async throws {
        let now = clock.now()
        let token = Replays.digest(purpose: "logout token", party: provider.issuer.string, token: claims.tokenID)
        let begun = try await spending { transaction -> [EndedSessions]? in
            let end = claims.expiresAt + IDTokenRule.clockSkew
            let share = ReplayShare.own(of: provider.issuer.string, for: "logout token")
            guard try transaction.replays.spend(token, until: end, in: share) else { return nil }
            let ended = try transaction.upstreamLogins.end(
                issuer: provider.issuer, subject: claims.subject, session: claims.sessionID)
            var users = Set(ended)
            // Sessions outlive the browser login that approved them, so the account is found by its subject as well.
            if let subject = claims.subject,
                let identity = try transaction.upstreamIdentities.find(issuer: provider.issuer, subject: subject)
            {
                users.insert(identity.userID)
            }
            if claims.subject == nil, let session = claims.sessionID {
                users.formUnion(try transaction.upstreamSessions.users(of: session, at: provider.issuer))
            }
            for user in ended {
                try transaction.audit.append(
                    AuditEntry(
                        .personSignedOut, at: now, actor: .system, user: user,
                        reason: "identity provider \(provider.name)", initiator: .server))
            }
            guard provider.settings.logout == .sessions else { return [] }
            return try users.map { user in
                try transaction.sessions.end(
                    SessionFilter(user: user),
                    SessionEnding(reason: .signedOutUpstream, initiator: .system, actor: .system, at: now))
            }
        }
        // A token that comes twice is a repetition by the provider, or by somebody who read it: it does nothing.
        guard let begun else { throw Self.refusal }
        for part in begun { _ = try await store.endRest(of: part) }
    }

    /// Runs a transaction that spends the token; a full memory is the provider's cue to send the token again.
    private func spending(
        _ body: @escaping @Sendable (Transaction) throws -> [EndedSessions]?
    ) async throws -> [EndedSessions]? {
        do {
            return try await store.write(body)
        } catch is ReplayMemoryFull {
            throw OAuthError(
                .temporarilyUnavailable, "Too many logout tokens are in memory. Send the token again later.")
        }
    }

    private static let refusal = OAuthError(.invalidRequest, "The logout token is not acceptable.")
}

extension Gatehouse {
    /// `/sign-in/{provider}/logout`.
    package var upstreamLogout: UpstreamLogout {
        UpstreamLogout(store: store, upstream: upstreamSignIn, limit: upstreamLogoutLimit, lines: refusals)
    }
}
