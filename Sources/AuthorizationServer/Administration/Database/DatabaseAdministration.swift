import Glibc
package import JOSE
import OAuth
import Storage

/// The requests about the database as a whole.
package enum DatabaseRequest: Codable, Hashable, Sendable {
    /// Checks pages, references and the audit chain.
    case check
    /// Backs the database up; the answer is a file. With a recovery key the file also holds the keys, sealed with it.
    case backup(RecoveryKey? = nil)
    /// The receiver has stored the backup that it asked for at this time, in seconds since 1970.
    case backupStored(at: Int64)
}

extension DatabaseRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .check: [.safeOnRolledBackTrail, .long]
        case .backup(let recovery): recovery == nil ? .long : [.long, .needsKeys]
        case .backupStored: []
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await DatabaseAdministration(task: task).perform(self)
    }

    func file(_ task: AdministrationTask) async throws -> AdministrationFile? {
        guard case .backup(let recovery) = self else { return nil }
        return try await DatabaseAdministration(task: task).backup(recovery)
    }
}

/// The administration of the database as a whole.
struct DatabaseAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: DatabaseRequest) async throws -> AdministrationAnswer {
        switch request {
        case .check: return try await checkDatabase()
        case .backup: throw AdministrationError(.invalid, "The answer to a backup is a file.")
        case .backupStored(let seconds): return try await storeTime(Timestamp(seconds: seconds))
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

    private func storeTime(_ time: Timestamp) async throws -> AdministrationAnswer {
        try await store.write { transaction in
            // A backup counts only if it was made here; a wrong time would silence the warning of 'doctor'.
            guard let copied = try transaction.backups.lastCopied(), time <= copied else {
                throw AdministrationError(.conflict, "No backup was made at that time.")
            }
            try transaction.backups.record(storedCopyOf: time)
        }
        return .one(["last_backup_at": .string(time.rfc3339)])
    }

    /// Writes a copy of the database into a file beside it, with the sealed keys behind it if there is a recovery key.
    func backup(_ recovery: RecoveryKey?) async throws -> AdministrationFile {
        try await store.write { try audit($0, .databaseCopied, reason: recovery.map { _ in "with sealed keys" }) }
        // The trail is signed before the copy, so that a restored backup is recognised by its last checkpoint.
        let unsigned = await checkpointSigner?.signAllOrWarning(at: now)
        guard let recovery else {
            return AdministrationFile(path: try await store.backup(into: folder), warning: unsigned)
        }
        guard let keys = administration.keys else {
            throw AdministrationError(.unavailable, "The keys are not open in this process.")
        }
        // The checkpoints come before the copy, so that the copy contains what they name; the keys come after it, so that they open
        // what it contains.
        let checkpoints = try keys.checkpoints()
        let path = try await store.backup(into: folder)
        do {
            let archive = KeyArchive(of: keys, checkpoints: checkpoints)
            let (now, issuer) = (now, administration.issuer?.string)
            try await store.onOwnThread {
                try BackupSeal.append(archive, to: path, with: recovery, at: now, issuer: issuer)
            }
        } catch {
            unlink(path)
            throw error
        }
        return AdministrationFile(path: path, warning: unsigned)
    }
}
