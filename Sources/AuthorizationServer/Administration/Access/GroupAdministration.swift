import JOSE
import OAuth
import Storage

/// The administration of groups of users.
struct GroupAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: GroupRequest) async throws -> AdministrationAnswer {
        switch request {
        case .add(let name, let provider, let claim): try await addGroup(name, provider, claim)
        case .list(let page): try await listGroups(page)
        case .remove(let name, let reason): try await removeGroup(name, reason)
        case .members(let user, let added, let removed, let reason):
            try await changeMembers(user, added, removed, reason)
        }
    }

    private func addGroup(
        _ name: String, _ provider: String?, _ claim: String?
    ) async throws -> AdministrationAnswer {
        let group = try self.group(name, from: provider, claim)
        return try await store.write { transaction in
            try insert(group, transaction)
            let source = group.source
            guard !source.isLocal else { return .one(group.row) }
            // A group may be prepared before its provider. With a mistyped name nobody would ever join it.
            let isKnown = try transaction.identityProviders.find(ProviderName(source.string)) != nil
            return .one(
                group.row, note: "Users join the group when they sign in with '\(source)' from now on.",
                warning: isKnown
                    ? nil : "Identity provider '\(source)' not found; nobody joins the group before it is added.")
        }
    }

    /// A new group, checked.
    func group(_ name: String, from provider: String?, _ claim: String?) throws -> Group {
        let name = try AdministrationText.checked(name, as: "The name", atMost: 128)
        let source = try provider.map { try GroupSource(provider: ProviderName($0)) } ?? .local
        guard source.isLocal == false || claim == nil else {
            throw AdministrationError(.invalid, "Only a group of an identity provider has a value there. Add --from.")
        }
        let value = try claim.map { try AdministrationText.checked($0, as: "The provider's value", atMost: 256) }
        return Group(name: name, source: source, claim: source.isLocal ? nil : value ?? name, createdAt: now)
    }

    /// Adds a group with its record.
    func insert(_ group: Group, _ transaction: Transaction) throws {
        guard try transaction.groups.find(named: group.name) == nil else {
            throw AdministrationError(.conflict, "Group '\(group.name)' already exists.")
        }
        guard try transaction.groups.insert(group) else {
            throw AdministrationError(
                .conflict, "Another group already has the value '\(group.claim ?? "")' of '\(group.source)'.")
        }
        try record(transaction, .groupAdded, group, nil)
    }

    private func listGroups(_ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let place = try request.place { text in
                try GroupID(text).flatMap { try transaction.groups.find(id: $0)?.id }
            }
            let page = try Page(
                request, of: "group", read: { try transaction.groups.list(after: place, limit: $0) },
                place: { $0.group.id.string })
            let rows = page.items.map { group, members in
                var row = group.row
                row["members"] = .integer(members)
                return row
            }
            return .many(rows, warning: page.warning, next: page.next)
        }
    }

    private func removeGroup(_ name: String, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        let (row, emptied, ended) = try await store.write { transaction in
            let group = try self.group(name, transaction)
            let (emptied, ended) = try remove(group, reason, transaction)
            return (group.row, emptied, ended)
        }
        let count = try await store.endRest(of: ended).count
        let servers = emptied == 1 ? "An MCP server admits" : "\(emptied) MCP servers admit"
        return .one(
            row.counting(revokedSessions: count), note: Self.note(revokedSessions: count),
            warning: emptied == 0
                ? nil : "\(servers) nobody now, because the group was the only one listed. See 'gatehouse report'.")
    }

    /// Removes a group with its record, and begins to end the sessions of users who lose access. Returns also how many MCP servers
    /// admit nobody now.
    func remove(
        _ group: Group, _ reason: String?, _ transaction: Transaction
    ) throws -> (emptied: Int, ended: EndedSessions) {
        let lost = try AccessLoss(task: task).filters(removing: group.id, transaction)
        try transaction.groups.remove(group.id)
        try record(transaction, .groupRemoved, group, nil, reason)
        let emptied = try lost.count {
            try $0.resource.map { try transaction.access.settings(of: $0).list == AccessList() } ?? false
        }
        return (emptied, try transaction.sessions.end(lost, ending(.accessLost, reason)))
    }

    private func changeMembers(
        _ name: String, _ added: [String], _ removed: [String], _ reason: String?
    ) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        guard !added.isEmpty || !removed.isEmpty else {
            return try await store.read { Self.answer(try rows(of: self.user(name, $0), $0)) }
        }
        let (groups, ended) = try await store.write { transaction in
            let user = try self.user(name, transaction)
            let added = try added.map { try self.group($0, transaction) }
            let removed = try removed.map { try self.group($0, transaction) }
            if let both = added.first(where: removed.contains) {
                throw AdministrationError(.invalid, "Group '\(both.name)' is given to both --add and --remove.")
            }
            let lost = try AccessLoss(task: task).filters(removing: user, from: removed, transaction)
            try add(user, to: added, reason, transaction)
            for group in removed {
                guard try transaction.groups.remove(user.id, from: group.id) else {
                    throw AdministrationError(.notFound, Self.notMember(user, group))
                }
                try record(transaction, .groupMemberRemoved, group, user.id, reason)
            }
            return (
                try self.rows(of: user, transaction), try transaction.sessions.end(lost, ending(.accessLost, reason))
            )
        }
        let count = try await store.endRest(of: ended).count
        let notes = [groups.isEmpty ? Self.noGroups : nil, Self.note(revokedSessions: count)].compactMap(\.self)
        return .many(groups, note: notes.isEmpty ? nil : notes.joined(separator: " "))
    }

    /// Adds a new user to the groups of these names.
    func add(_ user: User, to names: [String], _ transaction: Transaction) throws {
        try add(user, to: names.map { try group($0, transaction) }, nil, transaction)
    }

    private func add(_ user: User, to groups: [Group], _ reason: String?, _ transaction: Transaction) throws {
        for group in groups where try transaction.groups.add(user.id, to: group.id) {
            try record(transaction, .groupMemberAdded, group, user.id, reason)
        }
    }

    /// The groups of a user, each with its source.
    private func rows(of user: User, _ transaction: Transaction) throws -> [JSONObject] {
        try transaction.groups.memberships(of: user.id).map { group, membership in
            [
                "group": .string(group.name), "source": .string(membership.source.string),
                "stated_at": JSON(membership.learntAt), "id": .string(group.id.string),
            ]
        }
    }

    /// The sessions that a request revokes.
    func sessions(revokedBy request: GroupRequest, _ transaction: Transaction) throws -> [SessionFilter] {
        switch request {
        case .remove(let name, _):
            return try AccessLoss(task: task).filters(removing: group(name, transaction).id, transaction)
        case .members(let name, _, let removed, _):
            return try AccessLoss(task: task).filters(
                removing: user(name, transaction), from: removed.map { try group($0, transaction) }, transaction)
        case .add, .list: return []
        }
    }

    /// The audit record of a change. The name of a group is what an administrator typed, so it stands in the text that can be erased.
    private func record(
        _ transaction: Transaction, _ action: AuditAction, _ group: Group, _ user: UserID?, _ reason: String? = nil
    ) throws {
        let text = ["group \(group.name)", reason].compactMap(\.self).joined(separator: ": ")
        try transaction.audit.append(
            AuditEntry(
                action, at: now, actor: administrator.actor, user: user, initiator: .human,
                correlation: group.id.string, explanation: text))
    }

    private static func answer(_ groups: [JSONObject]) -> AdministrationAnswer {
        .many(groups, note: groups.isEmpty ? noGroups : nil)
    }

    private static let noGroups = "The user is in no group."

    private static func notMember(_ user: User, _ group: Group) -> String {
        "No administrator added user '\(user.name)' to group '\(group.name)'. List the user's groups with 'gatehouse users "
            + "groups \(ShellWord.quoted(user.name))'; what an identity provider states is changed there."
    }
}

extension AdministrationNoun {
    /// The group of this name.
    func group(_ name: String, _ transaction: Transaction) throws -> Group {
        guard let group = try transaction.groups.find(named: name) else {
            throw AdministrationError(
                .notFound, "Group '\(name)' not found. List groups with 'gatehouse groups list'.")
        }
        return group
    }
}

extension Group {
    /// The row of a group.
    fileprivate var row: JSONObject {
        [
            "id": .string(id.string), "name": .string(name), "source": .string(source.string), "claim": JSON(claim),
            "created_at": .string(createdAt.rfc3339),
        ]
    }
}
