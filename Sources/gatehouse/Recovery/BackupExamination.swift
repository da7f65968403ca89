import AuthorizationServer
import Foundation
import JOSE
import OAuth
import Storage

/// The examination of a backup in a private folder: its database is copied there, brought to the schema of this version, and read
/// from end to end. The backup itself is never opened for writing.
struct BackupExamination {
    let backup: BackupFile
    /// The keys in the backup; nil if it has none, or if they are not asked for.
    let archive: KeyArchive?
    /// The private folder, which is removed with everything in it.
    let folder: String

    /// The copy of the database.
    var database: String { folder + "/gatehouse.sqlite" }

    /// A private folder for an examination that restores nothing.
    static func temporaryFolder() throws -> String {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        return try makeFolder("\(base)/gatehouse-check-\(Random.token(9))")
    }

    /// Creates a folder that only this user can enter.
    static func makeFolder(_ path: String) throws -> String {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandError("Cannot create \(path): \(String(cString: strerror(errno))).")
        }
        return path
    }

    /// Copies the database out of the backup, checks it, and passes it on while it is open.
    func run<T>(at now: Timestamp, _ body: (Store, KeyRing?, JSONObject) async throws -> T) async throws -> T {
        try backup.extractDatabase(to: database)
        let keys = try archive?.open(in: folder)
        let store = try open()
        let result: Result<T, any Error>
        do {
            result = .success(try await body(store, keys, try await report(store, keys, at: now)))
        } catch {
            result = .failure(error)
        }
        try store.close()
        return try result.get()
    }

    private func open() throws -> Store {
        do throws(StoreError) {
            return try Store(path: database)
        } catch .newerSchema {
            throw CommandError(
                "\(backup.path) was made by a newer version of Gatehouse. Use that version, or an older backup.")
        } catch .foreign {
            throw CommandError("\(backup.path) is not a backup of Gatehouse.")
        }
    }

    /// What the backup holds. A defect is thrown as an error.
    private func report(_ store: Store, _ keys: KeyRing?, at now: Timestamp) async throws -> JSONObject {
        let administration = Administration(store: store, keys: keys, clock: .system)
        let checked: AdministrationAnswer
        do {
            checked = try await administration.run(.database(.check), by: .current)
        } catch {
            throw CommandError("\(backup.path): \(error.description)")
        }
        let (copied, live) = try await store.read { transaction in
            (
                try transaction.backups.lastCopied(),
                try transaction.sessionReports.liveCounts(SessionFilter(), now: now)
            )
        }
        let madeAt = backup.seal?.createdAt ?? copied
        var row: JSONObject = [
            "file": .string(backup.path), "bytes": .integer(backup.size), "created_at": Self.text(madeAt?.rfc3339),
            "issuer": Self.text(backup.seal?.issuer),
            "schema": .string(try await store.condition().schema), "sound": true,
            "audit_records": checked.rows.first?["audit_records"] ?? .null,
            "sessions": .integer(live.sessions), "keys": .string(keysInWords),
        ]
        if let keys {
            row["unopened_values"] = Self.text(
                try await UnreadableSealedValues.find(in: store, keys: keys)?.description)
        }
        return row
    }

    private static func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }

    private var keysInWords: String {
        guard backup.seal != nil else { return "none" }
        return archive == nil ? "not examined" : "opened"
    }
}
