import JOSE
import Storage

extension AdministrationTask {
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

    func backup() async throws -> AdministrationFile {
        try await store.write { try audit($0, .databaseCopied) }
        // Signed before it is copied: what is put back later is known by this place, or is from before it.
        let unsigned = await notary?.signAllOrSay(at: now)
        return AdministrationFile(path: try await store.backup(into: folder), warning: unsigned)
    }

    /// The data directory, where files lie for a moment before they are handed over.
    var folder: String {
        store.path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }
}
