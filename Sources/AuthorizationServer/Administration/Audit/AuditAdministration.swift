import JOSE
import OAuth
import Storage

/// The administration of the audit trail.
struct AuditAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: AuditRequest) async throws -> AdministrationAnswer {
        switch request {
        case .tail(let selection, let count): try await tail(selection, count)
        case .follow(let selection, let start, let limit):
            try await store.read { transaction in
                try AuditFollowingAdministration(task: task).page(
                    self.filter(selection, transaction), from: start, limit: limit, transaction)
            }
        case .verify: try await verify()
        case .drop(let marks): try await drop(marks)
        case .erase(let erasure): try await erase(erasure)
        case .acceptRestore(let reason): try await RestoreAcceptance(task: task).accept(reason)
        case .export: throw AdministrationError(.invalid, "The answer to an export is a file.")
        }
    }

    /// The latest matching records, the newest last as in a log.
    private func tail(_ selection: AuditSelection, _ count: Int) async throws -> AdministrationAnswer {
        guard (1...10_000).contains(count) else {
            throw AdministrationError(.invalid, "The count must be between 1 and 10000 records.")
        }
        return try await store.read { transaction in
            let filter = try self.filter(selection, transaction)
            var names = Names(transaction)
            let rows = try transaction.audit.records(filter, limit: count).map { record in
                record.row(user: try names.user(record.entry.user), resource: try names.resource(record.entry.resource))
            }
            return .many(rows, note: rows.isEmpty && filter != AuditFilter() ? "No matching records." : nil)
        }
    }

    /// Verifies every chain. A defect is thrown as an error.
    func verify() async throws -> AdministrationAnswer {
        if let keys = administration.keys { try await AuditCheckpointFile.recall(from: keys, into: store) }
        let trusted = administration.keys?.verification(.events, at: now.seconds)
        let signed = store.signedCheckpoints.all
        return try await store.read { try $0.audit.verify(trusted: trusted, signed: signed) }.answer()
    }

    private func drop(_ marks: [AuditPruneMark]) async throws -> AdministrationAnswer {
        guard !marks.isEmpty else {
            throw AdministrationError(.invalid, "No checkpoint is old enough. Nothing was deleted.")
        }
        guard try await store.write({ try $0.audit.retention.shorten(to: marks, by: administrator.actor, at: now) })
        else {
            throw AdministrationError(
                .conflict, "The export does not end at a checkpoint of this database. Nothing was deleted.")
        }
        // Signed at once, because the remaining chain begins at the records of the deletion.
        _ = try await checkpointSigner?.signAll(at: now)
        var dropped: Int64 = 0
        while case let count = try await store.write({ try $0.audit.retention.drop(limit: 1_000) }), count > 0 {
            dropped += Int64(count)
        }
        return .one(["dropped": .integer(dropped)])
    }

    private func erase(_ request: AuditErasureRequest) async throws -> AdministrationAnswer {
        let erased = try await store.write { transaction in
            let erasure: AuditErasure =
                switch request {
                case .user(let name): .user(try userOrSubject(name, transaction).id)
                case .claimed(let name): .claimed(name)
                }
            return try transaction.audit.retention.erase(erasure, by: administrator.actor, at: now)
        }
        guard erased > 0 else {
            throw AdministrationError(.notFound, "No matching personal data in the audit trail. Nothing was erased.")
        }
        return .one(["erased": .integer(Int64(erased))], note: "Earlier backups and exports still contain the data.")
    }

    /// Writes the matching records into a file beside the database. A damaged trail is exported as it is, as evidence.
    func export(_ selection: AuditSelection) async throws -> AdministrationFile {
        let filter = try await store.read { try self.filter(selection, $0) }
        let isWhole = filter == AuditFilter()
        // Counts that are not chained yet become records first, so that the export is complete.
        while try await store.write({ try $0.audit.tallies.close(now: nil, limit: 200) }) >= 200 {}
        try await store.write { try audit($0, .auditExported, reason: isWhole ? "complete" : "a selection") }
        let unsigned = isWhole ? await checkpointSigner?.signAllOrWarning(at: now) : nil
        return try await store.read { transaction in
            let path = DataDirectory.draft(in: folder, ending: ".jsonl")
            var export = try AuditExport(path: path)
            try export.write(isWhole ? nil : filter, from: transaction, at: now)
            return AdministrationFile(path: path, warning: unsigned)
        }
    }

    /// The filter of a selection. An unknown name is an error.
    private func filter(_ selection: AuditSelection, _ transaction: Transaction) throws -> AuditFilter {
        var filter = AuditFilter()
        filter.user =
            try selection.user.map { UserID($0) == nil ? try userOrSubject($0, transaction).id : UserID($0) } ?? nil
        filter.client = try selection.client.map { try ClientID($0) }
        filter.resource =
            try selection.resource.map {
                // A removed MCP server is found by its ID only: another one may have its identifier now.
                ResourceID($0) == nil ? try self.resource($0, transaction).id : ResourceID($0)
            } ?? nil
        filter.session = try selection.session.map { text in
            guard let id = SessionID(text) else {
                throw AdministrationError(.invalid, "'\(text)' is not a session ID.")
            }
            return id
        }
        filter.action = selection.action
        filter.since = selection.since.map { Timestamp(seconds: $0) }
        filter.until = selection.until.map { Timestamp(seconds: $0) }
        filter.isReported = selection.evidence.map { $0 == "reported" }
        filter.initiator = try selection.initiator.map { text in
            guard let initiator = AuditEntry.Initiator(rawValue: text) else {
                throw AdministrationError(
                    .invalid, "'\(text)' is not an initiator: use human, model, client, server or system.")
            }
            return initiator
        }
        return filter
    }
}

/// The names of users and MCP servers in rows, each looked up once.
private struct Names {
    private let transaction: Transaction
    private var users: [UserID: String] = [:]
    private var resources: [ResourceID: String] = [:]

    init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    mutating func user(_ id: UserID?) throws -> String? {
        guard let id else { return nil }
        if users[id] == nil { users[id] = try transaction.users.find(id: id)?.name }
        return users[id]
    }

    mutating func resource(_ id: ResourceID?) throws -> String? {
        guard let id else { return nil }
        if resources[id] == nil { resources[id] = try transaction.resources.find(id: id)?.identifier.string }
        return resources[id]
    }
}

extension AuditVerdict {
    /// The row of the verdict. Defects are thrown as an error that names the first ten.
    package func answer() throws(AdministrationError) -> AdministrationAnswer {
        guard defects.isEmpty else {
            let first = defects.prefix(10).map(\.description).joined(separator: "; ")
            let rest =
                defects.count > 10 ? "; and \(defects.count == 100 ? "at least 90" : "\(defects.count - 10)") more" : ""
            throw AdministrationError(
                .unsound,
                "Audit trail verification FAILED: \(first)\(rest). Find out who can write to the database.")
        }
        let hasNone = checkpointed == nil && records > 0
        return .one(
            [
                "verified": true, "records": .integer(records), "repeated": .integer(repeated),
                "waiting": .integer(waiting), "head": JSON(head?.base64URL),
                "reported": .integer(reported), "dropped": .integer(dropped), "erased": .integer(erased),
                "checkpointed": checkpointed.map(JSON.integer) ?? .null, "keys": .strings(keys),
            ], note: hasNone ? "No checkpoint has been written yet. A running server writes one within a minute." : nil)
    }
}

extension AuditRecord {
    /// The row of a record.
    func row(user: String?, resource: String?) -> JSONObject {
        [
            "sequence": .integer(sequence), "at": .string(entry.at.rfc3339), "action": .string(entry.action.rawValue),
            "outcome": .string(entry.outcome.rawValue), "actor": .string(entry.actor.name), "user": JSON(user),
            "client_id": JSON(entry.client?.string), "resource": JSON(resource),
            "resource_id": JSON(entry.resource?.string), "session": JSON(entry.session?.string),
            "count": .integer(entry.count), "reason": JSON(entry.reason), "explanation": JSON(entry.explanation),
            "address": JSON(entry.address), "changes": AuditChange.json(entry.changes),
            "initiator": .string(entry.initiator.rawValue), "evidence": .string(entry.evidence.name),
            "correlation": JSON(entry.correlation), "trace": JSON(entry.trace?.string),
            "chain": .string(chain.description), "hash": .string(hash.base64URL),
        ]
    }
}

extension AuditActor {
    /// The actor as rows show it.
    fileprivate var name: String {
        switch self {
        case .person(let id): id.string
        case .client(let id): id.string
        case .resource(let id): id.string
        case .admin(let uid, let claimed): claimed.map { "admin \(uid) (claims \($0))" } ?? "admin \(uid)"
        case .system: "system"
        }
    }
}

extension AuditEntry.Evidence {
    fileprivate var name: String {
        switch self {
        case .witnessed: "witnessed"
        case .reported(let by): "reported by \(by)"
        }
    }
}
