import JOSE
import Storage

/// The requests about the database as a whole.
package enum DatabaseRequest: Codable, Hashable, Sendable {
    /// Checks pages, references and the audit chain.
    case check
    /// Backs the database up; the answer is a file.
    case backup
}

extension DatabaseRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .check: [.safeOnRolledBackTrail, .long]
        case .backup: .long
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await DatabaseAdministration(task: task).perform(self)
    }

    func file(_ task: AdministrationTask) async throws -> AdministrationFile? {
        guard self == .backup else { return nil }
        return try await DatabaseAdministration(task: task).backup()
    }
}

/// The administration of the database as a whole.
struct DatabaseAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: DatabaseRequest) async throws -> AdministrationAnswer {
        switch request {
        case .check: return try await checkDatabase()
        case .backup: throw AdministrationError(.invalid, "The answer to a backup is a file.")
        }
    }

    private func checkDatabase() async throws -> AdministrationAnswer {
        let defects = try await store.check()
        if let first = defects.first {
            throw AdministrationError(.unsound, "The database is damaged (\(first)). Restore a backup.")
        }
        let chain = try await AuditAdministration(task: task).verify()
        return .one(["sound": true, "audit_records": chain.rows.first?["records"] ?? .null])
    }

    /// Writes a copy of the database into a file beside it.
    func backup() async throws -> AdministrationFile {
        try await store.write { try audit($0, .databaseCopied) }
        // The trail is signed before the copy, so that a restored backup is recognised by its last checkpoint.
        let unsigned = await checkpointSigner?.signAllOrWarning(at: now)
        return AdministrationFile(path: try await store.backup(into: folder), warning: unsigned)
    }
}
