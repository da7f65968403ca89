import JOSE
import OAuth
import Storage

/// The requests about users. A password is sent only as its hash.
package enum UserRequest: Codable, Hashable, Sendable {
    /// Adds a user, as a member of the given groups.
    case add(name: String, email: String?, passwordHash: String, groups: [String] = [])
    /// Lists users by name.
    case list(PageRequest = PageRequest())
    /// Shows one user (name or subject) with groups, linked accounts and logins.
    case show(name: String)
    /// Disables a user and revokes the user's sessions.
    case disable(name: String, reason: String? = nil)
    /// Enables a disabled user.
    case enable(name: String)
    /// Replaces a user's password, and optionally revokes the user's sessions.
    case setPassword(name: String, passwordHash: String, endSessions: Bool = false)
    /// About one-time links with which users set their passwords.
    case links(AccountLinkRequest)
    /// About the name of an account and its deletion.
    case change(UserChangeRequest)
}

extension UserRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list, .show: [.safeOnRolledBackTrail, .long]
        case .disable, .setPassword: [.withdrawsAccess, .long]
        case .add, .enable: .long
        case .links(let request): request.traits
        case .change(let request): request.traits
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await UserAdministration(task: task).perform(self)
    }

    func revokedSessions(_ task: AdministrationTask, _ transaction: Transaction) throws -> [SessionFilter] {
        try UserAdministration(task: task).sessions(revokedBy: self, transaction)
    }
}

/// The administration of users.
struct UserAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: UserRequest) async throws -> AdministrationAnswer {
        switch request {
        case .add(let name, let email, let hash, let groups): try await addUser(name, email, hash, groups)
        case .list(let page): try await listUsers(page)
        case .show(let name): try await UserDescription(task: task).answer(name)
        case .disable(let name, let reason): try await setUser(name, disabled: true, reason)
        case .enable(let name): try await setUser(name, disabled: false)
        case .setPassword(let name, let hash, let endSessions): try await setPassword(name, hash, endSessions)
        case .links(let request): try await request.perform(task)
        case .change(let request): try await request.perform(task)
        }
    }

    private func addUser(
        _ name: String, _ email: String?, _ hash: String, _ groups: [String]
    ) async throws -> AdministrationAnswer {
        let name = try AdministrationText.checked(name, as: "The name", atMost: 128)
        let email = try email.map { try AdministrationText.checked($0, as: "The e-mail address", atMost: 254) }
        let user = User(name: name, email: email, createdAt: now)
        let password = Credential(userID: user.id, kind: .password, data: try checkedHash(hash), createdAt: now)
        return try await store.write { transaction in
            guard try transaction.users.insert(user) else {
                throw AdministrationError(.conflict, "User '\(name)' already exists.")
            }
            try transaction.credentials.insert(password)
            try audit(transaction, .userAdded, user: user.id)
            try GroupAdministration(task: task).add(user, to: groups, transaction)
            return .one([
                "id": .string(user.id.string), "name": .string(user.name), "subject": .string(user.subject.string),
            ])
        }
    }

    private func setUser(
        _ name: String, disabled: Bool, _ reason: String? = nil
    ) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        let (row, ended) = try await store.write { transaction in
            let user = try self.user(name, transaction)
            guard (user.disabledAt != nil) != disabled else {
                throw AdministrationError(
                    .conflict, "User '\(user.name)' is already \(disabled ? "disabled" : "enabled").")
            }
            try transaction.users.setDisabled(disabled ? now : nil, user.id)
            try audit(transaction, disabled ? .userDisabled : .userEnabled, user: user.id, explanation: reason)
            let ended =
                disabled
                ? try transaction.sessions.end(SessionFilter(user: user.id), ending(.userDisabled, reason))
                : EndedSessions()
            return (try self.user(name, transaction).row, ended)
        }
        guard disabled else { return .one(row) }
        let count = try await store.endRest(of: ended).count
        return .one(row.counting(revokedSessions: count), note: Self.note(revokedSessions: count))
    }

    private func setPassword(
        _ name: String, _ hash: String, _ endSessions: Bool
    ) async throws -> AdministrationAnswer {
        let hash = try checkedHash(hash)
        let (row, begun) = try await store.write { transaction in
            let user = try self.user(name, transaction)
            try transaction.credentials.setPassword(hash, of: user.id, now: now)
            _ = try transaction.logins.endAll(of: user.id)
            // The administrator's password is the latest word; an older link must not replace it.
            try transaction.accountLinks.void(of: user.id, now: now)
            try audit(transaction, .passwordChanged, user: user.id)
            let begun =
                endSessions
                ? try transaction.sessions.end(SessionFilter(user: user.id), ending(.revokedByAdmin)) : EndedSessions()
            return (user.row, begun)
        }
        let count = try await store.endRest(of: begun).count
        let sessions =
            endSessions ? Self.note(revokedSessions: count) ?? "The user had no live session." : Self.sessionsContinue
        return .one(
            endSessions ? row.counting(revokedSessions: count) : row,
            note: "The user is signed out of every browser. \(sessions)")
    }

    private static let sessionsContinue =
        "The user's sessions continue, and approved apps keep their access. To revoke them, use --revoke-sessions or "
        + "'gatehouse sessions revoke'."

    private func listUsers(_ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let place = try request.place { text in
                try UserID(text).flatMap { try transaction.users.find(id: $0)?.id }
            }
            let page = try Page(
                request, of: "user", read: { try transaction.users.list(after: place, limit: $0) },
                place: { $0.id.string })
            let rows = try page.items.map { try $0.row(waitingFor: transaction.accountLinks.unused(of: $0.id)) }
            return .many(rows, warning: page.warning, next: page.next)
        }
    }

    private func checkedHash(_ text: String) throws -> String {
        guard PasswordHash(text) != nil else {
            throw AdministrationError(.invalid, "The password hash is invalid.")
        }
        return text
    }

    /// The sessions that a request revokes.
    func sessions(revokedBy request: UserRequest, _ transaction: Transaction) throws -> [SessionFilter] {
        switch request {
        case .disable(let name, _):
            return [SessionFilter(user: try user(name, transaction).id)]
        case .setPassword(let name, _, let endSessions):
            let user = try user(name, transaction).id
            return endSessions ? [SessionFilter(user: user)] : []
        case .links(let request): return try request.revokedSessions(task, transaction)
        case .change(let request): return try request.revokedSessions(task, transaction)
        case .add, .list, .show, .enable: return []
        }
    }
}

extension User {
    /// The row of a user in the list, with the link that the user has not used yet.
    fileprivate func row(waitingFor link: AccountLink?) -> JSONObject {
        var row = row
        if let link, disabledAt == nil { row["state"] = .string(link.purpose == .invitation ? "invited" : "reset") }
        row["link_expires_at"] = JSON(link?.expiresAt)
        return row
    }

    /// The row of a user.
    var row: JSONObject {
        [
            "id": .string(id.string), "name": .string(name), "subject": .string(subject.string), "email": JSON(email),
            "state": .string(disabledAt == nil ? "enabled" : "disabled"), "created_at": .string(createdAt.rfc3339),
            "disabled_at": JSON(disabledAt),
        ]
    }
}
