import OAuth
import Storage

/// Decides whether the account of a verified ID token may sign in at all, and what is remembered of its authentication.
enum UpstreamAdmission {
    /// The groups that the token names; nil where the provider's groups are not read.
    ///
    /// The order is policy: an account of another domain learns nothing about groups. A list that the provider says it left out is
    /// never read as an empty one. Without the claim, the user has no groups, because some providers leave out an empty list.
    static func groups(
        of claims: IDTokenClaims, at provider: IdentityProvider
    ) throws(UpstreamProblem) -> [String]? {
        let (domains, required) = (provider.settings.domains, provider.settings.requiredGroups)
        guard domains.isEmpty || claims.domain.map(domains.contains) ?? false else {
            throw .otherDomain
        }
        guard let claim = provider.groupClaim else { return nil }
        switch claims.groups(in: claim) {
        case .tooMany: throw .tooManyGroups
        case .malformed: throw .noGroups
        case .absent:
            guard required.isEmpty else { throw .noGroups }
            return []
        case .named(let groups):
            guard required.isEmpty || !Set(groups).isDisjoint(with: required) else {
                throw .notInGroup
            }
            return groups
        }
    }

    /// The authentication that a browser login stores.
    ///
    /// Without `auth_time` nobody knows when the user authenticated, so the authentication counts as the oldest that a login can
    /// have. A session at the provider would otherwise pass for a fresh sign-in.
    ///
    /// A context counts only if it is one of this provider's: what it means is the agreement of the operator with the provider that
    /// lists it, and another provider must not be able to assert it.
    static func authentication(
        of claims: IDTokenClaims, at provider: IdentityProvider, now: Timestamp
    ) -> Authentication {
        let context = claims.context.flatMap { provider.contexts.contains($0) ? $0 : nil }
        return Authentication(
            time: claims.authTime ?? now - SignInService.longest, context: context ?? .unspecified,
            methods: claims.methods.isEmpty ? [.federated] : claims.methods, voucher: claims.issuer)
    }
}

/// The account that a verified ID token signs in.
struct UpstreamAccount {
    /// What the provider said for a code.
    struct Answer: Sendable {
        let claims: IDTokenClaims
        /// The groups that the token names; nil where the provider's groups are not read.
        let groups: [String]?
        /// The refresh token; nil where groups are not renewed, or if the provider gave none.
        let renewal: RenewalToken?
    }

    let provider: IdentityProvider
    let said: Answer
    let standing: StandingRule
    let vault: ConnectionVault
    let transaction: Transaction
    let now: Timestamp

    /// The claims of the ID token.
    var claims: IDTokenClaims { said.claims }

    /// The user of the account. An account is its issuer and subject: a name or an address leads to no user, because whoever may
    /// choose it at the provider would become that user here.
    func user() throws -> Result<User, UpstreamProblem> {
        if let known = try transaction.upstreamIdentities.find(issuer: claims.issuer, subject: claims.subject) {
            guard let user = try transaction.users.find(id: known.userID), user.disabledAt == nil else {
                return .failure(.disabled)
            }
            guard try record(for: user) else { return .failure(.taken) }
            try remember(user)
            return .success(user)
        }
        switch provider.settings.accounts {
        case .link: return .failure(.notLinked)
        case .invited: return .failure(.notInvited)
        case .create:
            let user = try created()
            guard try record(for: user) else { return .failure(.taken) }
            try remember(user)
            return .success(user)
        }
    }

    /// Links the account to a user who is signed in here.
    func link(to user: User) throws -> UpstreamProblem? {
        let known = try transaction.upstreamIdentities.find(issuer: claims.issuer, subject: claims.subject)
        // Asked here and not only on the page, so that a form written by hand, or a rule that changed meanwhile, adds no account.
        guard known != nil || provider.settings.accounts != .invited else { return .notInvited }
        guard known == nil || known?.userID == user.id, try record(for: user) else { return .taken }
        try remember(user)
        guard known == nil else { return nil }
        try transaction.audit.append(
            AuditEntry(
                .identityLinked, at: now, actor: .person(user.id), user: user.id,
                reason: "identity provider \(provider.name)", initiator: .human))
        return nil
    }

    /// Replaces what the provider said about the user's groups before. Sessions that the new groups do not admit end here.
    func remember(_ user: User) throws {
        try keepRefreshToken()
        guard let groups = said.groups else { return }
        try transaction.groups.replace(groups, of: user.id, from: GroupSource(provider: provider.name), now: now)
        try standing.endSessionsWithoutAccess(of: user.id, in: transaction, now: now)
    }

    private func keepRefreshToken() throws {
        guard let renewal = said.renewal else { return }
        let account = UpstreamIdentity.key(issuer: claims.issuer, subject: claims.subject)
        try transaction.upstreamRefreshTokens.set(
            UpstreamRefreshToken(
                issuer: claims.issuer, subject: claims.subject, provider: provider.name,
                token: vault.seal(renewal, of: account, in: transaction), createdAt: now))
    }

    /// Records the account as one of this user; false if it belongs to another one.
    func record(for user: User) throws -> Bool {
        try transaction.upstreamIdentities.record(
            UpstreamIdentity(
                issuer: claims.issuer, subject: claims.subject, userID: user.id, provider: provider.name,
                name: claims.name ?? claims.preferredUsername, email: claims.verifiedEmail,
                statement: UpstreamClaims(claims, groups: said.groups), createdAt: now))
    }

    /// A new user, whose name is one that nobody has here.
    ///
    /// The name always ends with that of the provider. A stranger could otherwise take the bare name of a person before an operator
    /// types it in an invitation or a rule.
    private func created() throws -> User {
        let base = [claims.preferredUsername, claims.verifiedEmail, claims.name].lazy.compactMap { text in
            text.flatMap { try? AdministrationText.checked($0, as: "The name", atMost: 100) }
        }.first
        let email = claims.verifiedEmail.flatMap { try? AdministrationText.checked($0, as: "The address", atMost: 254) }
        let names = [base ?? "user"] + (2...9).map { "\(base ?? "user")-\($0)" }
        for name in (names + ["\(Subject.random())"]).map({ "\($0)@\(provider.name)" }) {
            let user = User(name: name, email: email, createdAt: now)
            guard try transaction.users.insert(user) else { continue }
            try transaction.audit.append(
                AuditEntry(
                    .userAdded, at: now, actor: .system, user: user.id, reason: "identity provider \(provider.name)",
                    initiator: .human))
            return user
        }
        throw StoreError.constraint("no name is free for a new user")
    }
}

extension UpstreamClaims {
    /// What a verified ID token says.
    init(_ claims: IDTokenClaims, groups: [String]?) {
        self.init(
            name: claims.name, username: claims.preferredUsername, email: claims.email,
            isEmailVerified: claims.verifiedEmail != nil, domain: claims.domain, groups: groups,
            context: claims.context,
            methods: claims.methods, authTime: claims.authTime)
    }
}

extension AuthenticationContext {
    /// A sign-in of which an identity provider does not tell the context.
    static let unspecified = AuthenticationContext(rawValue: "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified")
}

extension CredentialKind {
    /// A sign-in at an identity provider, for logs and metrics; its accounts are no credentials here.
    static let openID = CredentialKind(rawValue: "openid_connect")
}
