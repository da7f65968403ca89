import JOSE
import OAuth
import Storage

/// The administration of one-time links with which users take their accounts.
struct AccountLinkAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: AccountLinkRequest) async throws -> AdministrationAnswer {
        switch request {
        case .invite(let name, let email, let groups, let isNew, let provider):
            try await invite(name, email, groups, isNew: isNew, at: provider)
        case .reset(let name, let revokesSessions, let unlinksAccounts, let provider):
            try await reset(name, revokesSessions, unlinksAccounts, at: provider)
        }
    }

    private func invite(
        _ name: String, _ email: String?, _ groups: [String], isNew: Bool, at provider: String?
    ) async throws -> AdministrationAnswer {
        let issuer = try self.issuer()
        let name = try AdministrationText.checked(name, as: "The name", atMost: 128)
        let email = try email.map { try AdministrationText.checked($0, as: "The e-mail address", atMost: 254) }
        let secret = AccountLinkSecret.random()
        let (user, link) = try await store.write { transaction in
            let user = try invited(name, email, isNew: isNew, transaction)
            let link = AccountLink(
                digest: secret.digest, userID: user.id, purpose: .invitation,
                taker: try taker(for: user, at: provider, transaction), createdAt: now)
            try transaction.accountLinks.issue(link)
            try audit(transaction, .userInvited, user: user.id, reason: link.taker?.reason)
            try GroupAdministration(task: task).add(user, to: groups, transaction)
            return (user, link)
        }
        return .one(row(user, link, secret, issuer), note: Self.note(on: link))
    }

    /// Who has to take a link at an identity provider. The address of the account, where it has one, is always demanded: an operator
    /// who leaves it out the second time must not widen who can take the account.
    private func taker(
        for user: User, at provider: String?, _ transaction: Transaction
    ) throws -> AccountLink.Taker? {
        guard let provider else { return nil }
        let found = try IdentityProviderAdministration(task: task).identityProvider(provider, transaction)
        if let email = user.email, EmailAddress(email) == nil {
            throw AdministrationError(
                .invalid,
                "'\(email)' is not a plain e-mail address, so no account at \(found.name) can prove it. Correct it with --email."
            )
        }
        return AccountLink.Taker(provider: found.name, email: user.email)
    }

    /// The account to invite: a new one, or one whose invitation is not used yet.
    ///
    /// Any other account of this name may have been created by a stranger at an identity provider. Its invitation would give the
    /// invited user's password and groups to an account that the stranger can still sign in to.
    private func invited(
        _ name: String, _ email: String?, isNew: Bool, _ transaction: Transaction
    ) throws -> User {
        guard let user = try transaction.users.find(named: name) else {
            let user = User(name: name, email: email, createdAt: now)
            try transaction.users.insert(user)
            try audit(transaction, .userAdded, user: user.id)
            return user
        }
        guard !isNew else { throw AdministrationError(.conflict, "User '\(user.name)' already exists.") }
        try requireEnabled(user)
        guard try transaction.accountLinks.unused(of: user.id)?.purpose == .invitation else {
            throw AdministrationError(
                .conflict,
                "User '\(user.name)' already exists. If it is this user's account, use 'gatehouse users reset' to let the user set "
                    + "a new password.")
        }
        guard let email, email != user.email else { return user }
        try transaction.users.setEmail(email, of: user.id)
        return try transaction.users.find(id: user.id) ?? user
    }

    private func reset(
        _ name: String, _ revokesSessions: Bool, _ unlinksAccounts: Bool, at provider: String?
    ) async throws -> AdministrationAnswer {
        let issuer = try self.issuer()
        let secret = AccountLinkSecret.random()
        let (user, link, begun, linked) = try await store.write { transaction in
            let user = try self.user(name, transaction)
            try requireEnabled(user)
            // Whoever knows the old password could otherwise sign in again before the user takes the link.
            try transaction.credentials.remove(.password, of: user.id)
            try transaction.logins.endAll(of: user.id)
            // The browser of whoever used the account loses its own budget of tries at the new password.
            try transaction.logins.forgetBrowsers(of: user.id)
            if unlinksAccounts { try unlinkAll(of: user, transaction) }
            let linked = try transaction.upstreamIdentities.list(of: user.id)
            let link = AccountLink(
                digest: secret.digest, userID: user.id, purpose: .reset,
                taker: try taker(for: user, at: provider, transaction), createdAt: now)
            try transaction.accountLinks.issue(link)
            try audit(transaction, .userReset, user: user.id, reason: link.taker?.reason)
            let begun =
                revokesSessions
                ? try transaction.sessions.end(SessionFilter(user: user.id), ending(.revokedByAdmin)) : EndedSessions()
            return (user, link, begun, linked)
        }
        let count = try await store.endRest(of: begun).count
        let row = self.row(user, link, secret, issuer)
        let sessions =
            revokesSessions
            ? Self.note(revokedSessions: count) ?? "The user had no live session."
            : "The user's sessions continue; to revoke them, use 'gatehouse sessions revoke --user'."
        return .one(
            revokesSessions ? row.counting(revokedSessions: count) : row,
            note: "The old password is invalid, and the user is signed out of every browser. \(sessions) "
                + Self.note(on: link), warning: Self.warning(linked))
    }

    /// Unlinks the accounts at identity providers, with the groups that they brought.
    private func unlinkAll(of user: User, _ transaction: Transaction) throws {
        for identity in try transaction.upstreamIdentities.list(of: user.id) {
            _ = try transaction.upstreamIdentities.remove(
                issuer: identity.issuer, subject: identity.subject, of: user.id)
            try transaction.groups.forget(GroupSource(provider: identity.provider), of: user.id)
            try audit(
                transaction, .identityUnlinked, user: user.id, reason: "identity provider \(identity.provider)")
        }
    }

    /// Whoever had the account may have linked an account of their own, which signs in without any password.
    private static func warning(_ linked: [UpstreamIdentity]) -> String? {
        guard !linked.isEmpty else { return nil }
        let names = linked.map(\.provider.string).joined(separator: ", ")
        return
            "The user can still sign in with linked accounts (\(names)). To unlink them, repeat the command with --factors."
    }

    /// The sessions that a reset revokes.
    func sessions(
        of name: String, _ revokesSessions: Bool, _ transaction: Transaction
    ) throws -> [SessionFilter] {
        let user = try user(name, transaction)
        return revokesSessions ? [SessionFilter(user: user.id)] : []
    }

    private func requireEnabled(_ user: User) throws(AdministrationError) {
        guard user.disabledAt != nil else { return }
        throw AdministrationError(
            .conflict, "User '\(user.name)' is disabled. Enable the user first with 'gatehouse users enable'.")
    }

    private func issuer() throws(AdministrationError) -> Issuer {
        guard let issuer = administration.issuer else {
            throw AdministrationError(.unavailable, "This process does not know the issuer, so it can make no link.")
        }
        return issuer
    }

    private func row(_ user: User, _ link: AccountLink, _ secret: AccountLinkSecret, _ issuer: Issuer) -> JSONObject {
        [
            "id": .string(user.id.string), "name": .string(user.name), "subject": .string(user.subject.string),
            "email": JSON(user.email), "link": .string(issuer.endpoint("/invitations/\(secret.reveal())")),
            "identity_provider": JSON(link.taker?.provider.string), "expires_at": .string(link.expiresAt.rfc3339),
        ]
    }

    private static func note(on link: AccountLink) -> String {
        let use =
            switch (link.taker?.provider, link.taker?.email) {
            case (nil, _): "Whoever has it can set the password: send it only to the user."
            case (let provider?, nil):
                "Whoever has it and an account at \(provider) can take it: send it only to the user."
            case (let provider?, let email?):
                "Only an account at \(provider) with the verified address \(email) can take it."
            }
        return "The link works once and expires in 24 hours. Gatehouse shows it only here. \(use)"
    }
}

extension AccountLink.Taker {
    /// The provider in a record. The address is personal and stands in the row of the user alone.
    fileprivate var reason: String { "identity provider \(provider)" }
}
