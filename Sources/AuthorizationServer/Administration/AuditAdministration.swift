import JOSE
import OAuth
import Storage

extension AdministrationTask {
    func run(_ request: AuditRequest) async throws -> AdministrationAnswer {
        switch request {
        case .tail(let count): .many(try await store.read { try self.tail(count, $0) })
        case .verify: try await verifyAudit()
        }
    }

    /// The last records, the latest at the bottom as in a log.
    private func tail(_ count: Int, _ transaction: Transaction) throws -> [JSONObject] {
        var names: [UserID: String] = [:]
        return try transaction.auditTail(limit: count).reversed().map { record in
            if let id = record.entry.user, names[id] == nil { names[id] = try transaction.user(id: id)?.name }
            return record.row(user: record.entry.user.flatMap { names[$0] })
        }
    }

    private func verifyAudit() async throws -> AdministrationAnswer {
        let verdict = try await store.read { try $0.verifyAudit() }
        if let defect = verdict.defect {
            throw AdministrationError(
                .unsound, "The audit chain is broken: \(defect); find out who can write to the database.")
        }
        return .one(["verified": true, "records": .integer(verdict.records), "head": JSON(verdict.head?.base64URL)])
    }

    func run(_ request: DatabaseRequest) async throws -> AdministrationAnswer {
        switch request {
        case .check: return try await checkDatabase()
        case .backup: throw AdministrationError(.invalid, "A backup is a file, not an answer.")
        }
    }

    private func checkDatabase() async throws -> AdministrationAnswer {
        let defects = try await store.check()
        if let first = defects.first {
            throw AdministrationError(.unsound, "The database is damaged (\(first)); restore a backup.")
        }
        let chain = try await verifyAudit()
        return .one(["sound": true, "audit_records": chain.rows.first?["records"] ?? .null])
    }

    func backup() async throws -> String {
        try await store.write { try audit($0, .databaseCopied) }
        let folder = store.path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
            separator: "/")
        return try await store.backup(into: folder)
    }
}

extension AuditRecord {
    /// The record as operators see it.
    func row(user: String?) -> JSONObject {
        [
            "sequence": .integer(sequence), "at": .string(entry.at.rfc3339), "action": .string(entry.action.rawValue),
            "outcome": .string(entry.outcome.rawValue), "actor": .string(entry.actor.name), "user": JSON(user),
            "client_id": JSON(entry.client?.string), "resource_id": JSON(entry.resource?.string),
            "session": JSON(entry.session?.string), "reason": JSON(entry.reason),
            "initiator": .string(entry.initiator.rawValue), "evidence": .string(entry.evidence.name),
            "correlation": JSON(entry.correlation), "hash": .string(hash.base64URL),
        ]
    }
}

extension AuditActor {
    /// The actor in one word.
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
