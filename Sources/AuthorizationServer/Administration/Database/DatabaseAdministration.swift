import JOSE
import Storage

/// What can be asked about the database.
package enum DatabaseRequest: Codable, Hashable, Sendable {
    /// Checks pages, references and the audit chain.
    case check
    /// Copies the whole database; its answer is the copy itself.
    case backup
}

/// The database as a whole: checked, and copied into a backup.
struct DatabaseAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: DatabaseRequest) async throws -> AdministrationAnswer {
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
        let chain = try await AuditAdministration(task: task).verify()
        return .one(["sound": true, "audit_records": chain.rows.first?["records"] ?? .null])
    }

    func backup() async throws -> AdministrationFile {
        try await store.write { try audit($0, .databaseCopied) }
        // Signed before it is copied: what is put back later is known by this place, or is from before it.
        let unsigned = await notary?.signAllOrSay(at: now)
        return AdministrationFile(path: try await store.backup(into: folder), warning: unsigned)
    }
}
