package import OAuth

/// A group of users, which access rules name.
package struct Group: Hashable, Sendable {
    package let id: GroupID
    /// The name on the command line; its case does not matter.
    package let name: String
    /// Who fills the group. An administrator may add members to every group.
    package let source: GroupSource
    /// The value by which the identity provider names the group; nil for a local group.
    package let claim: String?
    package let createdAt: Timestamp

    /// A group in its stored form.
    package init(
        id: GroupID = .random(), name: String, source: GroupSource = .local, claim: String? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.source = source
        self.claim = claim
        self.createdAt = createdAt
    }
}

/// Groups of users and their members.
package struct Groups: Noun {
    let transaction: Transaction
}

extension Groups {
    static let columns = "g.id, g.name, g.source, g.claim, g.created_at"

    /// Adds a group; false if the name, or the provider's value, is taken.
    @discardableResult
    package func insert(_ group: Group) throws -> Bool {
        try execute(
            """
            INSERT INTO user_groups (id, name, name_key, source, claim, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT DO NOTHING
            """, group.id.string, group.name, AccountName(group.name).key, group.source.string, group.claim,
            group.createdAt.seconds) == 1
    }

    /// The group of this name in any spelling.
    package func find(named name: String) throws -> Group? {
        try first("SELECT \(Self.columns) FROM user_groups g WHERE g.name_key = ?1", AccountName(name).key) {
            try Group($0)
        }
    }

    /// The group of this id.
    package func find(id: GroupID) throws -> Group? {
        try first("SELECT \(Self.columns) FROM user_groups g WHERE g.id = ?1", id.string) { try Group($0) }
    }

    /// At most `limit` groups by name with the number of their members, behind the given one.
    package func list(after id: GroupID? = nil, limit: Int) throws -> [(group: Group, members: Int64)] {
        try all(
            """
            SELECT \(Self.columns), (SELECT count(DISTINCT m.user_id) FROM group_members m WHERE m.group_id = g.id)
            FROM user_groups g
            WHERE g.name_key > iif(?1 IS NULL, '', (SELECT name_key FROM user_groups WHERE id = ?1))
            ORDER BY g.name_key LIMIT ?2
            """, id?.string, limit
        ) { (try Group($0), try $0.integer(5)) }
    }

    /// Removes a group with its memberships, and takes it out of every access rule; false if it does not exist. A rule that
    /// listed only this group admits nobody afterwards.
    @discardableResult
    package func remove(_ id: GroupID) throws -> Bool {
        try execute("DELETE FROM user_groups WHERE id = ?1", id.string) == 1
    }
}

// MARK: Members

extension Groups {
    /// Adds a user to a group, as an administrator does; false if an administrator did so before.
    @discardableResult
    package func add(_ user: UserID, to group: GroupID) throws -> Bool {
        try execute(
            """
            INSERT INTO group_members (user_id, group_id, source, learnt_at) VALUES (?1, ?2, 'local', NULL)
            ON CONFLICT DO NOTHING
            """, user.string, group.string) == 1
    }

    /// Takes an administrator's membership back; false if there is none. What an identity provider states stays.
    @discardableResult
    package func remove(_ user: UserID, from group: GroupID) throws -> Bool {
        try execute(
            "DELETE FROM group_members WHERE user_id = ?1 AND group_id = ?2 AND source = 'local'", user.string,
            group.string) == 1
    }

    /// Replaces what an identity provider states about a user by its statement of `now`. `claims` are the values of the provider;
    /// those that no group was added for are skipped. Local memberships and those of other providers stay.
    ///
    /// The caller ends the user's sessions that lost access, with `StandingRule.endSessionsWithoutAccess`.
    package func replace(
        _ claims: [String], of user: UserID, from provider: GroupSource, now: Timestamp
    ) throws {
        guard !provider.isLocal else { throw StoreError.constraint("local groups come from no identity provider") }
        try forget(provider, of: user)
        for claim in Set(claims) {
            try execute(
                """
                INSERT INTO group_members (user_id, group_id, source, learnt_at)
                SELECT ?1, id, source, ?4 FROM user_groups WHERE source = ?2 AND claim = ?3
                """, user.string, provider.string, claim, now.seconds)
        }
    }

    /// Deletes what an identity provider stated about a user.
    package func forget(_ provider: GroupSource, of user: UserID) throws {
        try execute(
            "DELETE FROM group_members WHERE user_id = ?1 AND source = ?2", user.string, provider.string)
    }

    /// Deletes what an identity provider stated about all users, when the provider is removed. Its groups stay, without members.
    package func forget(_ provider: GroupSource) throws {
        try execute(
            """
            DELETE FROM group_members WHERE source = ?1
                AND group_id IN (SELECT id FROM user_groups WHERE source = ?1)
            """, provider.string)
    }

    /// The number of users whose groups an identity provider named.
    package func memberCount(from provider: GroupSource) throws -> Int {
        try first(
            """
            SELECT count(DISTINCT m.user_id) FROM user_groups g JOIN group_members m ON m.group_id = g.id AND m.source = g.source
            WHERE g.source = ?1
            """, provider.string
        ) { Int(try $0.integer(0)) } ?? 0
    }

    /// The memberships of a user, by group.
    package func memberships(of user: UserID) throws -> [(group: Group, membership: GroupMembership)] {
        try all(
            """
            SELECT \(Self.columns), m.source, m.learnt_at
            FROM group_members m JOIN user_groups g ON g.id = m.group_id
            WHERE m.user_id = ?1 ORDER BY g.name_key, m.source
            """, user.string
        ) { row in
            let group = try Group(row)
            return (
                group,
                GroupMembership(
                    group: group.name, source: GroupSource(stored: try row.text(5)), learntAt: try row.timeIfAny(6))
            )
        }
    }
}

extension Group {
    init(_ row: StoredRow, from start: Int = 0) throws {
        try self.init(
            id: row.id(start), name: row.text(start + 1), source: GroupSource(stored: row.text(start + 2)),
            claim: row.textIfAny(start + 3), createdAt: row.time(start + 4))
    }
}
