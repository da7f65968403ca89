import JOSE
import OAuth
import Storage

/// Sends the holder of a link to the identity provider at which the link has to be taken.
///
/// The page of the link cannot be forged into taking it: only the callback spends the link, and it counts in the browser that began
/// alone.
package struct InvitedSignIn: Sendable {
    let links: AccountLinkEndpoint
    let upstream: UpstreamSignIn

    /// Where the form of a link's page leads.
    package enum Outcome: Sendable {
        /// The browser goes on to the provider at this address.
        case leaving(String)
        /// The link leads to no account.
        case refused(AccountLinkEndpoint.Refusal)
        /// The link sets a password.
        case setsPassword
    }

    /// Begins the sign-in. Spends nothing: a user who turns back at the provider can open the link again.
    package func begin(_ secret: String, browser: Browser) async throws -> Outcome {
        switch try await links.find(secret, now: links.clock.now()) {
        case .failure(let refusal): return .refused(refusal)
        case .success(let found):
            guard let taker = found.link.taker else { return .setsPassword }
            let address = try await upstream.beginTaking(found.link.digest, by: taker, browser: browser)
            // The provider was removed a moment ago, and the link is void.
            return address.map(Outcome.leaving) ?? .refused(.invalid)
        }
    }
}

/// The account of a verified ID token that takes a link: from then on it signs in the user of the link.
struct InvitedAccount {
    let account: UpstreamAccount
    let link: Digest
    let browser: Browser

    private var transaction: Transaction { account.transaction }

    /// The user of the link, which is spent in this transaction. A refusal leaves the link as it was.
    ///
    /// The order is policy: the link, then the address, and only then whether the account at the provider is free.
    func user() throws -> Result<User, UpstreamProblem> {
        guard let found = try transaction.accountLinks.find(link), let taker = found.link.taker,
            taker.provider == account.provider.name
        else { return .failure(.link(.invalid)) }
        let user = found.user
        if let refusal = AccountLinkEndpoint.Refusal(found, now: account.now) { return .failure(.link(refusal)) }
        if let email = taker.email {
            guard let demanded = EmailAddress(email),
                account.claims.verifiedEmail.flatMap({ EmailAddress($0) }) == demanded
            else { return .failure(.otherAddress) }
        }
        let known = try transaction.upstreamIdentities.find(
            issuer: account.claims.issuer, subject: account.claims.subject)
        guard known == nil || known?.userID == user.id else { return .failure(.taken) }
        guard try transaction.accountLinks.spend(link, now: account.now) else { return .failure(.link(.invalid)) }
        guard try account.record(for: user) else { return .failure(.taken) }
        try transaction.logins.endAll(of: user.id)
        try audit(.accountLinkUsed, of: user, reason: "\(found.link.purpose.rawValue) at \(account.provider.name)")
        if known == nil {
            try audit(.identityLinked, of: user, reason: "identity provider \(account.provider.name)")
        }
        try account.remember(user)
        return .success(user)
    }

    private func audit(_ action: AuditAction, of user: User, reason: String) throws {
        try transaction.audit.append(
            AuditEntry(
                action, at: account.now, actor: .person(user.id), user: user.id, reason: reason, initiator: .human,
                address: browser.address))
    }
}

extension Gatehouse {
    /// The sign-ins that take links at identity providers.
    package var invitedSignIn: InvitedSignIn { InvitedSignIn(links: accountLinks, upstream: upstreamSignIn) }
}
