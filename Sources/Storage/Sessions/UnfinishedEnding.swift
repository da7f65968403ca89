import JOSE
import OAuth

/// An ending of many sessions of which steps are left.
struct UnfinishedEnding {
    let filter: SessionFilter
    let ending: SessionEnding
    let cursor: SessionCursor
    /// The last row of `sessions` when the ending began: sessions that are approved later live on.
    let lastRow: Int64
}

/// Endings of many sessions of which steps are left, each a row from its first step to its last.
struct UnfinishedEndings: Noun {
    let transaction: Transaction
}

extension UnfinishedEndings {
    /// Stores an ending whose next step begins behind `cursor`, and returns its id.
    func insert(_ filter: SessionFilter, _ ending: SessionEnding, after cursor: SessionCursor) throws -> String {
        // A filter that would be read back wider ends sessions that nobody named, so it is read back here.
        guard try SessionFilter(json: filter.json) == filter else { throw SessionFilter.unreadable }
        let id = Random.token(16)
        let actor = ending.columns
        try execute(
            """
            INSERT INTO endings (
                id, filter, reason, initiator, actor, admin_uid, admin_claimed, explanation, last_row, after_created_at,
                after_id, started_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (SELECT coalesce(max(rowid), 0) FROM sessions), ?9, ?10, ?11)
            """, id, filter.json.text, ending.reason.rawValue, ending.initiator.rawValue, actor.actor, actor.adminUID,
            actor.adminClaimed, ending.explanation, cursor.position, cursor.id.string, ending.at.seconds)
        return id
    }

    /// The ending of this id; nil once it is finished.
    func find(_ id: String) throws -> UnfinishedEnding? {
        try first(
            """
            SELECT filter, reason, initiator, actor, admin_uid, admin_claimed, explanation, last_row, after_created_at,
                after_id, started_at FROM endings WHERE id = ?1
            """, id
        ) { row in
            try UnfinishedEnding(
                // No limits: the list of ids was within bounds when its request came.
                filter: SessionFilter(
                    json: JSONObject(
                        parsing: Array(row.text(0).utf8), limits: JSON.Limits(bytes: .max, members: .max))),
                ending: SessionEnding(
                    reason: SessionEndReason(rawValue: row.text(1)),
                    initiator: row.parsed(InitiatingEntity(rawValue: row.text(2))),
                    actor: row.parsed(
                        AuditColumns.actor(row.text(3), uid: row.integerIfAny(4), claimed: row.textIfAny(5))),
                    explanation: row.textIfAny(6), at: row.time(10)),
                cursor: SessionCursor(position: row.integer(8), id: row.id(9)), lastRow: row.integer(7))
        }
    }

    /// Stores where the next step begins.
    func advance(_ id: String, to cursor: SessionCursor) throws {
        try execute(
            "UPDATE endings SET after_created_at = ?2, after_id = ?3 WHERE id = ?1", id, cursor.position,
            cursor.id.string)
    }

    /// Deletes an ending after its last step.
    func delete(_ id: String) throws { try execute("DELETE FROM endings WHERE id = ?1", id) }

    /// The ids of all unfinished endings, oldest first.
    func ids() throws -> [String] {
        try all("SELECT id FROM endings ORDER BY started_at, id") { try $0.text(0) }
    }
}

extension SessionFilter {
    /// The stored form of a filter between two steps.
    fileprivate var json: JSONObject {
        var object = JSONObject()
        if !ids.isEmpty { object["ids"] = .strings(ids.map(\.string)) }
        object["user"] = user.map { .string($0.string) }
        object["client"] = client.map { .string($0.string) }
        object["host"] = host.map(JSON.string)
        object["resource"] = resource.map { .string($0.string) }
        object["state"] = state.map { .string($0.rawValue) }
        object["idle_since"] = idleSince.map { .integer($0.seconds) }
        if !refreshKeys.isEmpty { object["refresh_keys"] = .strings(refreshKeys) }
        if let scopes { object[scopes.member] = .strings(scopes.withdrawn.scopes.map(\.string)) }
        if let outside {
            object["outside_users"] = .strings(outside.users.map(\.string))
            object["outside_groups"] = .strings(outside.groups.map(\.string))
        }
        return object
    }

    /// Reads the stored form. A member that does not parse is an error, because a filter without it would be wider.
    fileprivate init(json: JSONObject) throws {
        func id<Kind>(_ name: String) throws -> Identifier<Kind>? {
            try json[name].map { value in
                guard let id = value.string.flatMap({ Identifier<Kind>($0) }) else { throw Self.unreadable }
                return id
            }
        }
        let ids = try (json["ids"]?.array ?? []).map { value in
            guard let id = value.string.flatMap({ SessionID($0) }) else { throw Self.unreadable }
            return id
        }
        try self.init(
            ids: ids, user: id("user"), client: json["client"]?.string.map { try ClientID($0) },
            host: json["host"]?.string, resource: id("resource"),
            state: json["state"]?.string.flatMap(Session.State.init(rawValue:)),
            idleSince: json["idle_since"]?.integer.map { Timestamp(seconds: $0) },
            refreshKeys: json["refresh_keys"]?.strings ?? [], outside: AccessList(json: json),
            scopes: try ScopeLoss(json: json))
        guard self.json == json else { throw Self.unreadable }
    }

    fileprivate static let unreadable = StoreError.failed("what was left of an end of sessions does not parse")
}

extension AccessList {
    /// Reads the stored form; nil if the ending had no list. An entry that does not parse makes the stored forms differ.
    fileprivate init?(json: JSONObject) {
        guard let users = json["outside_users"]?.strings, let groups = json["outside_groups"]?.strings else {
            return nil
        }
        self.init(users: users.compactMap { UserID($0) }, groups: groups.compactMap { GroupID($0) })
    }
}

extension SessionFilter.ScopeLoss {
    /// The member of the stored form.
    fileprivate var member: String {
        switch self {
        case .any: "losing_scopes"
        case .every: "left_without"
        }
    }

    fileprivate var withdrawn: ScopeSet {
        switch self {
        case .any(let scopes), .every(let scopes): scopes
        }
    }

    /// Reads the stored form; nil if the ending was not about scopes.
    fileprivate init?(json: JSONObject) throws {
        if let words = json["left_without"]?.strings {
            self = .every(of: ScopeSet(try words.map { try Scope($0) }))
        } else if let words = json["losing_scopes"]?.strings {
            self = .any(of: ScopeSet(try words.map { try Scope($0) }))
        } else {
            return nil
        }
    }
}
