import AuthorizationServer
import Foundation
import JOSE
import OAuth
import Storage

/// The restoration of a backup into the folders of the configuration. Everything is examined before anything is changed, and
/// nothing is overwritten: a replaced database is kept under another name, and keys stay.
struct DatabaseRestore {
    let configuration: ServerConfiguration
    let backup: BackupFile
    /// The keys in the backup; nil if it has none, or if they are not asked for.
    let archive: KeyArchive?
    /// Whether a database in the data folder is moved aside.
    let replaces: Bool
    let now: Timestamp

    func run() async throws -> AdministrationAnswer {
        let directory = try lock()
        defer { directory.unlock() }
        // The attributes are those of a link itself, so that one that leads nowhere counts too.
        guard replaces || (try? FileManager.default.attributesOfItem(atPath: directory.database)) == nil else {
            throw CommandError(
                "A Gatehouse database exists at \(directory.database). Nothing was changed. With --replace it is moved aside."
            )
        }
        let present = try presentKeys()
        let folder = try BackupExamination.makeFolder(DataDirectory.draft(in: directory.path, ending: ""))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let examination = BackupExamination(backup: backup, archive: archive, folder: folder)
        var (row, notes) = try await examination.run(at: now) { store, archived, row in
            try await refuseOlderKeys(present, store)
            return (row, try await prepare(store, present ?? archived))
        }
        if present == nil { try archive?.write(to: configuration.keys, passphrase: try configuration.passphrase()) }
        // Folds the log of a killed server into its database, which can then be moved as one file. A damaged one is moved as it is.
        if replaces { try? Store(path: directory.database).close() }
        let replaced = try directory.exchangeDatabase(
            for: examination.database, keepingAs: "gatehouse.sqlite.replaced-\(BackupFolder.stamp(now))")
        row["database"] = .string(directory.database)
        row["keys"] = .string(present == nil ? (archive == nil ? "none" : "restored") : "kept")
        row["replaced_database"] = replaced.map(JSON.string) ?? .null
        notes.insert(keysNote(hasPresent: present != nil), at: 0)
        return .one(row, note: notes.joined(separator: " "))
    }

    private func lock() throws -> DataDirectory {
        do {
            return try DataDirectory.lock(configuration.data, create: true)
        } catch StoreError.locked(let path) {
            throw CommandError(
                "A server or another command uses \(path). Nothing was changed. Stop the server, then restore.")
        }
    }

    /// The keys that are in the keys folder already; nil for a folder without keys. They have to be at least as new as those of the
    /// backup: an older folder lacks keys that the database needs, and may hold keys that were ended.
    private func presentKeys() throws -> KeyRing? {
        guard try !KeyArchive.isEmpty(configuration.keys) else {
            guard archive != nil || backup.seal != nil else {
                throw CommandError(
                    "\(backup.path) holds no keys, and the keys folder \(configuration.keys) is empty. Nothing was changed. "
                        + "Restore the keys folder from its own backup first.")
            }
            return nil
        }
        let keys = try configuration.openKeys(createIfEmpty: false)
        let unknown = archive?.unknown(to: keys) ?? []
        guard unknown.isEmpty else {
            throw CommandError(
                "The keys folder \(configuration.keys) lacks \(Sentence.count(unknown.count, "key")) of the backup, such as "
                    + "\(unknown[0]): it is older than the backup or belongs to another Gatehouse. Nothing was changed. Move it "
                    + "away, or set 'keys' to another folder, to restore the keys of the backup.")
        }
        return keys
    }

    private func refuseOlderKeys(_ present: KeyRing?, _ store: Store) async throws {
        guard let present, let revived = try await ReinstatedKey.find(in: store, keys: present, at: now).first else {
            return
        }
        throw CommandError("Nothing was changed: \(revived).")
    }

    /// Ends what must not come back, records the restoration, and says what the operator has to know and to do.
    private func prepare(_ store: Store, _ keys: KeyRing?) async throws -> [String] {
        var isRolledBack = false
        if let keys {
            isRolledBack = try await RolledBackAuditChain.find(in: store, keys: keys, at: now)
                .contains(where: \.isRefused)
        }
        let madeAt = backup.seal?.createdAt.rfc3339 ?? "an unknown time"
        let (now, name, isAccepted) = (now, URL(filePath: backup.path).lastPathComponent, !isRolledBack)
        let actor = AuditActor.admin(uid: Administrator.current.uid, claimed: Administrator.current.claimed)
        try await store.write { transaction in
            // A code that was redeemed after the backup would be redeemable again.
            _ = try transaction.codes.voidAll(now: now)
            try transaction.accountLinks.voidAll(now: now)
            // A record behind an old end would read as a replaced trail; there, the acceptance is the record.
            guard isAccepted else { return }
            try transaction.audit.append(
                AuditEntry(
                    .databaseRestored, at: now, actor: actor, reason: "backup of \(madeAt)",
                    initiator: .human, explanation: name))
        }
        var notes = [
            "Everything after the backup is undone: sessions that were revoked since are live again, and disabled users, blocked "
                + "clients and changed passwords are as they were. Repeat what has to stay.",
            "Open invitations and links to reset a password are void: make new ones.",
            "Sessions that began since are unknown. A client that refreshed since presents a newer refresh token than the "
                + "database knows; its session ends then, and its user approves it again.",
        ]
        if let keys {
            let ended = try await KeyReplacement(store: store, keys: keys, log: nil).unfinished()
            if !ended.isEmpty {
                let names = ended.map { "\($0.purpose.name) (\($0.ids.joined(separator: ", ")))" }
                notes.append(
                    "These keys were ended since and stay ended: \(names.joined(separator: "; ")). What depends on them ends "
                        + "again at the next start.")
            }
        }
        notes.append(
            isRolledBack
                ? "The keys folder has newer checkpoints of the audit trail than this database. Before you start the server, run "
                    + "'gatehouse audit accept-restore --reason …'."
                : "Start the server with 'gatehouse serve'.")
        return notes
    }

    private func keysNote(hasPresent: Bool) -> String {
        guard !hasPresent else {
            return "The keys folder \(configuration.keys) has keys already, and stays as it is."
        }
        return archive == nil
            ? "No keys were restored. Restore the keys folder \(configuration.keys) before you start the server."
            : "The keys are restored into \(configuration.keys)."
    }
}
