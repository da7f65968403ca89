import JOSE
import OAuth
import Storage

/// What can be asked about accounts; a password travels as its hash alone.
package enum UserRequest: Codable, Hashable, Sendable {
    /// Makes an account.
    case add(name: String, email: String?, passwordHash: String)
    /// Names accounts, by name.
    case list(PageRequest = PageRequest())
    /// Locks an account and ends its sessions.
    case disable(name: String, reason: String? = nil)
    /// Unlocks an account.
    case enable(name: String)
    /// Replaces the password of an account, and ends its sessions if that is wanted.
    case setPassword(name: String, passwordHash: String, endSessions: Bool = false)
}

/// Users: added, listed, disabled, enabled, given a new password.
struct UserAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: UserRequest) async throws -> AdministrationAnswer {
        switch request {
        case .add(let name, let email, let hash): try await addUser(name, email, hash)
        case .list(let page): try await listUsers(page)
        case .disable(let name, let reason): try await setUser(name, disabled: true, reason)
        case .enable(let name): try await setUser(name, disabled: false)
        case .setPassword(let name, let hash, let endSessions): try await setPassword(name, hash, endSessions)
        }
    }

    private func addUser(_ name: String, _ email: String?, _ hash: String) async throws -> AdministrationAnswer {
        let name = try AdministrationText.checked(name, as: "The name", atMost: 128)
        let email = try email.map { try AdministrationText.checked($0, as: "The e-mail address", atMost: 254) }
        let user = User(name: name, email: email, createdAt: now)
        let password = Credential(userID: user.id, kind: .password, data: try checkedHash(hash), createdAt: now)
        return try await store.write { transaction in
            guard try transaction.users.insert(user) else {
                throw AdministrationError(.conflict, "There is a user named '\(name)' already.")
            }
            try transaction.credentials.insert(password)
            try audit(transaction, .userAdded, user: user.id)
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
                    .conflict, "The user '\(user.name)' is \(disabled ? "disabled" : "enabled") already.")
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
        return .one(row.counting(ended: count), note: Self.note(ended: count))
    }

    private func setPassword(
        _ name: String, _ hash: String, _ endSessions: Bool
    ) async throws -> AdministrationAnswer {
        let hash = try checkedHash(hash)
        let (row, begun) = try await store.write { transaction in
            let user = try self.user(name, transaction)
            try transaction.credentials.setPassword(hash, of: user.id, now: now)
            _ = try transaction.logins.endAll(of: user.id)
            try audit(transaction, .passwordChanged, user: user.id)
            let begun =
                endSessions
                ? try transaction.sessions.end(SessionFilter(user: user.id), ending(.revokedByAdmin)) : EndedSessions()
            return (user.row, begun)
        }
        let ended = try await store.endRest(of: begun).count
        let rest = endSessions ? Self.note(ended: ended) ?? "It had no live session." : Self.sessionsGoOn
        return .one(
            endSessions ? row.counting(ended: ended) : row, note: "The account is signed out of every browser. \(rest)")
    }

    private static let sessionsGoOn =
        "Its sessions go on: apps that it approved keep their access. Add --end-sessions, or use 'gatehouse sessions revoke', "
        + "to end them."

    private func listUsers(_ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let place = try request.place { text in
                try UserID(text).flatMap { try transaction.users.find(id: $0)?.id }
            }
            let page = try Page(
                request, of: "user", read: { try transaction.users.list(after: place, limit: $0) },
                place: { $0.id.string })
            return .many(page.items.map(\.row), warning: page.warning, next: page.next)
        }
    }

    private func checkedHash(_ text: String) throws -> String {
        guard PasswordHash(text) != nil else {
            throw AdministrationError(.invalid, "The password's hash is not understood.")
        }
        return text
    }
}

extension User {
    /// The account as operators see it.
    var row: JSONObject {
        [
            "id": .string(id.string), "name": .string(name), "subject": .string(subject.string), "email": JSON(email),
            "state": .string(disabledAt == nil ? "enabled" : "disabled"), "created_at": .string(createdAt.rfc3339),
            "disabled_at": JSON(disabledAt),
        ]
    }
}
