import JOSE
import OAuth
import Storage

/// The administration of one-time links with which users set their passwords.
struct AccountLinkAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: AccountLinkRequest) async throws -> AdministrationAnswer {
        switch request {
        case .invite(let name, let email, let groups, let isNew): try await invite(name, email, groups, isNew: isNew)
        case .reset(let name, let revokesSessions, let unlinksAccounts):
            try await reset(name, revokesSessions, unlinksAccounts)
        }
    }

    private func invite(
        _ name: String, _ email: String?, _ groups: [String], isNew: Bool
    ) async throws -> AdministrationAnswer {
        let issuer = try self.issuer()
        let name = try AdministrationText.checked(name, as: "The name", atMost: 128)
        let email = try email.map { try AdministrationText.checked($0, as: "The e-mail address", atMost: 254) }
        let secret = AccountLinkSecret.random()
        let (user, link) = try await store.write { transaction in
            let user = try invited(name, email, isNew: isNew, transaction)
            let link = AccountLink(digest: secret.digest, userID: user.id, purpose: .invitation, createdAt: now)
            try transaction.accountLinks.issue(link)
            try audit(transaction, .userInvited, user: user.id)
            try GroupAdministration(task: task).add(user, to: groups, transaction)
            return (user, link)
        }
        return .one(row(user, link, secret, issuer), note: Self.linkNote)
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
        _ name: String, _ revokesSessions: Bool, _ unlinksAccounts: Bool
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
            let link = AccountLink(digest: secret.digest, userID: user.id, purpose: .reset, createdAt: now)
            try transaction.accountLinks.issue(link)
            try audit(transaction, .userReset, user: user.id)
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
                + Self.linkNote, warning: Self.warning(linked))
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
            "expires_at": .string(link.expiresAt.rfc3339),
        ]
    }

    private static let linkNote =
        "The link works once and expires in 24 hours. Gatehouse shows it only here. Whoever has it can set the password: send it "
        + "only to the user."
}
