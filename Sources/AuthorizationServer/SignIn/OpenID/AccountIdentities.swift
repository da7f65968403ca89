import JOSE
package import OAuth
import Storage

/// The page on which users link their account here with accounts at identity providers, and end their browser logins.
package struct AccountIdentities: Sendable {
    let store: Store
    let account: AccountEndpoint
    let upstream: UpstreamSignIn
    let offersPassword: Bool

    /// An account at an identity provider.
    package struct Identity: Sendable {
        /// Names the account in the form. A position in the list would name another account once the list changed.
        package let key: String
        package let provider: ProviderName
        package let issuer: OpenIDIssuer
        /// What the provider calls the user; nil if it sent no name.
        package let name: String?
        /// The verified address; nil if the provider sent none.
        package let email: String?
        /// The last sign-in with it.
        package let usedAt: Timestamp
    }

    /// A live login in a browser.
    package struct Login: Sendable {
        package let id: BrowserLoginID
        /// The identity provider that vouched for it; nil for a password.
        package let provider: ProviderName?
        package let since: Timestamp
        package let seenAt: Timestamp
        /// Whether it is the login of the browser that shows the page.
        package let isThis: Bool
    }

    /// The content of the page.
    package struct View: Sendable {
        package let username: String
        /// The token that each form must return.
        package let token: String
        /// The linked accounts, the oldest first.
        package let identities: [Identity]
        /// The providers at which an account can be linked.
        package let providers: [ProviderName]
        /// The live logins, the latest seen first.
        package let logins: [Login]
    }

    /// What the browser is shown.
    package enum Outcome: Sendable {
        /// Nobody is signed in, or the page was made for an earlier sign-in.
        case toAccount
        case page(View, isLast: Bool)
        /// The sign-in is not recent enough; nothing changed.
        case signInAgain(token: String, account: String)
        /// The browser goes on to the provider at this address.
        case leaving(String)
        /// The account at this provider was unlinked from the user.
        case unlinked(ProviderName, UserID)
        /// The login of another browser has ended.
        case loginEnded(UserID)
    }

    private var clock: WallClock { account.clock }

    /// Opens the page. Changes nothing.
    package func show(browser: Browser) async throws -> Outcome {
        guard let person = try await account.people.signedIn(browser, now: clock.now()) else { return .toAccount }
        return .page(try await view(of: person), isLast: false)
    }

    /// Performs the action of a form.
    ///
    /// The order of the checks is policy: the user, the form token, and only then whether the sign-in is recent. Whoever links an
    /// account can sign in with it for ever, so a stranger at an open browser must not be able to.
    package func act(_ form: Parameters, browser: Browser) async throws -> Outcome {
        let now = clock.now()
        guard let person = try await account.people.signedIn(browser, now: now) else { return .toAccount }
        let token = try form.value("token") ?? ""
        guard ConstantTime.equal(Array(token.utf8), Array(account.formToken(person).utf8)) else { return .toAccount }
        // Signing another browser out is no lasting harm, so it needs no recent sign-in.
        if let login = try form.value("end").flatMap({ BrowserLoginID($0) }) {
            return try await end(login, of: person, browser: browser, now: now)
        }
        guard person.isFresh(at: now) else {
            return .signInAgain(
                token: try account.seal.seal(.account(isAgain: true), for: browser, now: now),
                account: person.user.name)
        }
        if let provider = try form.value("link") {
            let address = try await upstream.beginLinking(provider, by: person, browser: browser)
            guard let address else { return .page(try await view(of: person), isLast: false) }
            return .leaving(address)
        }
        guard let key = try form.value("unlink") else { return .page(try await view(of: person), isLast: false) }
        return try await unlink(key, of: person, browser: browser, now: now)
    }

    /// Ends the login of another browser; one of another user, or an unknown one, changes nothing.
    private func end(
        _ login: BrowserLoginID, of person: SignedIn, browser: Browser, now: Timestamp
    ) async throws -> Outcome {
        let user = person.user.id
        let isEnded = try await store.write { transaction in
            guard login != person.login.id, try transaction.upstreamLogins.end(login, of: user) else { return false }
            try transaction.audit.append(
                AuditEntry(
                    .personSignedOut, at: now, actor: .person(user), user: user, reason: "another browser",
                    initiator: .human, address: browser.address))
            return true
        }
        guard isEnded else { return .page(try await view(of: person), isLast: false) }
        return .loginEnded(user)
    }

    /// The key of an account in the form.
    private static func key(_ identity: UpstreamIdentity) -> String {
        UpstreamIdentity.key(issuer: identity.issuer, subject: identity.subject).base64URL
    }

    /// Unlinks an account with the groups that only it brought, unless the user could not sign in any more.
    private func unlink(
        _ key: String, of person: SignedIn, browser: Browser, now: Timestamp
    ) async throws -> Outcome {
        let user = person.user.id
        let unlinking = try await store.write {
            [offersPassword, standing = upstream.standing] transaction -> Unlinking in
            let all = try transaction.upstreamIdentities.list(of: user)
            guard let identity = all.first(where: { Self.key($0) == key }) else { return .unknown }
            let rest = all.filter { $0 != identity }
            // An account of a provider that was removed signs nobody in.
            let issuers = Set(try transaction.identityProviders.list().map(\.issuer))
            let hasPassword = try offersPassword && transaction.credentials.find(.password, of: user) != nil
            guard hasPassword || rest.contains(where: { issuers.contains($0.issuer) }) else { return .last }
            // The login of this very page stays, so that the user sees what happened.
            let isOwn = try transaction.upstreamLogins.find(person.login.id).map {
                $0.issuer == identity.issuer && $0.subject == identity.subject
            }
            if isOwn ?? false { try transaction.upstreamLogins.set(nil, of: person.login.id) }
            guard
                try transaction.upstreamIdentities.remove(issuer: identity.issuer, subject: identity.subject, of: user)
            else { return .unknown }
            if !rest.contains(where: { $0.provider == identity.provider }) {
                try transaction.groups.forget(GroupSource(provider: identity.provider), of: user)
                try standing.endSessionsWithoutAccess(of: user, in: transaction, now: now)
            }
            try transaction.audit.append(
                AuditEntry(
                    .identityUnlinked, at: now, actor: .person(user), user: user,
                    reason: "identity provider \(identity.provider)", initiator: .human, address: browser.address))
            return .done(identity.provider)
        }
        switch unlinking {
        case .done(let provider): return .unlinked(provider, user)
        case .last: return .page(try await view(of: person), isLast: true)
        case .unknown: return .page(try await view(of: person), isLast: false)
        }
    }

    /// What the form to unlink an account led to.
    private enum Unlinking: Sendable {
        case done(ProviderName)
        /// The user could not sign in any more.
        case last
        /// The account is not linked to the user, or not any more.
        case unknown
    }

    private func view(of person: SignedIn) async throws -> View {
        let (token, now) = (account.formToken(person), clock.now())
        return try await store.read { transaction in
            let logins = try transaction.upstreamLogins.logins(of: person.user.id, now: now)
            return View(
                username: person.user.name, token: token,
                identities: try transaction.upstreamIdentities.list(of: person.user.id).map { identity in
                    Identity(
                        key: Self.key(identity), provider: identity.provider, issuer: identity.issuer,
                        name: identity.name,
                        email: identity.email, usedAt: identity.usedAt)
                },
                providers: try transaction.identityProviders.list().filter { $0.settings.accounts != .invited }.map(
                    \.name),
                logins: logins.map { login in
                    Login(
                        id: login.id, provider: login.provider, since: login.since, seenAt: login.seenAt,
                        isThis: login.id == person.login.id)
                })
        }
    }
}

extension Gatehouse {
    /// `/account/sign-in`.
    package var accountIdentities: AccountIdentities {
        AccountIdentities(
            store: store, account: account, upstream: upstreamSignIn, offersPassword: settings.signIn.password)
    }
}
