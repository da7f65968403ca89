import JOSE
package import OAuth
import Storage

/// `/invitations/{secret}`: the page on which the holder of a one-time link takes an account, by a password or by a sign-in at an
/// identity provider (`InvitedSignIn`).
///
/// Opening the page changes nothing, because mail scanners and link previews open links. Only a submitted password spends the
/// link. The password signs nobody in: a link from an attacker's invitation must not put a browser into the attacker's account.
package struct AccountLinkEndpoint: Sendable {
    let store: Store
    let hasher: PasswordHasher
    /// Whether users sign in with passwords here. Otherwise no link sets one: it would count from the day on which they do.
    let acceptsPasswords: Bool
    let clock: WallClock

    /// What a link leads to.
    package enum View: Hashable, Sendable {
        /// The form for the password, or the button of the identity provider.
        case form(Account)
        /// The link leads to no account.
        case refused(Refusal)
    }

    /// The account of a valid link.
    package struct Account: Hashable, Sendable {
        /// The name to sign in with.
        package let name: String
        /// Whether the account is new.
        package let isNew: Bool
        /// The identity provider at which the user takes the link; nil for a link that sets a password.
        package let provider: ProviderName?
        /// The verified address that the account at the provider must have; nil for any.
        package let email: String?
    }

    /// Why a link leads to no account.
    ///
    /// Only the holder of a secret learns that its link was used or has expired. An unknown secret, a voided link and the link of a
    /// disabled account look the same, so that nobody can ask this page about an account.
    package enum Refusal: Hashable, Sendable {
        /// Somebody set a password with the link, or took it by a sign-in at the identity provider.
        case used(at: Timestamp, through: ProviderName?)
        case expired
        case invalid
    }

    /// The result of the form.
    package enum Outcome: Sendable {
        /// The password is set, and the link is spent.
        case done
        /// The password is not acceptable, or the server is busy; the link stays valid.
        case again(Account, PasswordChangeError)
        case refused(Refusal)
    }

    /// The page of a link. Changes nothing.
    package func show(_ secret: String) async throws -> View {
        switch try await find(secret, now: clock.now()) {
        case .success(let found): .form(Account(found))
        case .failure(let refusal): .refused(refusal)
        }
    }

    /// Sets the password of the account and spends the link.
    package func submit(_ form: Parameters, to secret: String, browser: Browser) async throws -> Outcome {
        let now = clock.now()
        let new = NewPassword(new: Secret(try form.value("new") ?? ""), again: Secret(try form.value("again") ?? ""))
        let found: Found
        switch try await find(secret, now: now) {
        // Whoever has to prove an account at a provider sets no password.
        case .success(let link) where link.link.taker != nil: return .refused(.invalid)
        case .success(let link): found = link
        case .failure(let refusal): return .refused(refusal)
        }
        if let fault = new.fault { return .again(Account(found), fault) }
        // Only a valid link costs a hash, so that nobody without one can occupy the hasher.
        let network = ClientNetwork(address: browser.address)
        guard let hash = await hasher.hash(new.new, for: .stranger(from: network)) else {
            return .again(Account(found), .wait(1))
        }
        let isSet = try await store.write { transaction in
            try Self.set(hash, by: found, from: browser, in: transaction, now: now)
        }
        guard !isSet else { return .done }
        // Another request spent the link, or an administrator voided it, while the password was hashed.
        guard case .failure(let refusal) = try await find(secret, now: now) else { return .refused(.invalid) }
        return .refused(refusal)
    }

    private static func set(
        _ hash: PasswordHash, by found: Found, from browser: Browser, in transaction: Transaction, now: Timestamp
    ) throws -> Bool {
        let user = found.user.id
        guard try transaction.accountLinks.spend(found.link.digest, now: now) else { return false }
        try transaction.credentials.setPassword(hash.string, of: user, now: now)
        try transaction.logins.endAll(of: user)
        try transaction.audit.append(
            AuditEntry(
                .accountLinkUsed, at: now, actor: .person(user), user: user, reason: found.link.purpose.rawValue,
                initiator: .human, address: browser.address))
        return true
    }

    typealias Found = (link: AccountLink, user: User)

    /// The link of a secret that can still be used.
    func find(_ secret: String, now: Timestamp) async throws -> Result<Found, Refusal> {
        guard let digest = AccountLinkSecret(secret)?.digest,
            let found = try await store.read({ try $0.accountLinks.find(digest) }),
            acceptsPasswords || found.link.taker != nil
        else { return .failure(.invalid) }
        if let refusal = Refusal(found, now: now) { return .failure(refusal) }
        return .success(found)
    }
}

extension AccountLinkEndpoint.Refusal: Error {
    /// Why this link cannot be used now; nil if it can.
    init?(_ found: AccountLinkEndpoint.Found, now: Timestamp) {
        if let usedAt = found.link.usedAt {
            self = .used(at: usedAt, through: found.link.taker?.provider)
        } else if found.link.voidedAt != nil || found.user.disabledAt != nil {
            self = .invalid
        } else if found.link.expiresAt <= now {
            self = .expired
        } else {
            return nil
        }
    }
}

extension AccountLinkEndpoint.Account {
    fileprivate init(_ found: (link: AccountLink, user: User)) {
        self.init(
            name: found.user.name, isNew: found.link.purpose == .invitation, provider: found.link.taker?.provider,
            email: found.link.taker?.email)
    }
}

extension Gatehouse {
    /// `/invitations/{secret}`.
    package var accountLinks: AccountLinkEndpoint {
        AccountLinkEndpoint(
            store: store, hasher: account.passwords.hasher, acceptsPasswords: settings.signIn.password, clock: clock)
    }
}
