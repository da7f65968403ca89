import Foundation
import GRDB
import JOSE

/// Work on the database as a whole: a copy, a check, and the comparison of clocks.
extension Store {
    /// Writes a checked copy into `folder` and returns its path. The caller moves or streams the copy, then deletes it.
    package func backup(into folder: String) async throws(StoreError) -> String {
        let copy = DataDirectory.draft(in: folder, ending: ".sqlite")
        do throws(StoreError) {
            try await onOwnThread { [pool] in
                let target = try DatabaseQueue(path: copy)
                try pool.backup(to: target)
                try target.writeWithoutTransaction { db in
                    // Without a log the copy is one file, and nobody can forget the other.
                    try db.execute(sql: "PRAGMA journal_mode = DELETE")
                    try Self.requireSound(db)
                }
                try target.close()
                try FilePermissions.sync(copy)
            }
            return copy
        } catch {
            unlink(copy)
            throw error
        }
    }

    /// Reads every page and every reference; returns the defects, one sentence each.
    package func check() async throws(StoreError) -> [String] {
        try await onOwnThread { [pool] in try pool.unsafeRead { try Self.defects($0) } }
    }

    /// Refuses a clock that is more than five seconds behind the last time in the database: expired codes and closed replay
    /// windows would be valid again. `now` is in seconds since 1970.
    package func checkClock(now: Int64, allowStepBack: Bool = false) async throws {
        let last = try await read { try $0.clock.last() }
        guard let last, !allowStepBack, last - now > 5 else { return }
        throw StoreError.clockSteppedBack(seconds: last - now)
    }

    private static func requireSound(_ db: Database) throws {
        if let defect = try defects(db).first { throw StoreError.failed("the copy is not sound: \(defect)") }
    }

    private static func defects(_ db: Database) throws -> [String] {
        let pages = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
        let references = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row in
            "a row of \(row[0] as String? ?? "a table") refers to a missing row of \(row[2] as String? ?? "another")"
        }
        return pages + references
    }

    /// Runs long work outside the threads that serve requests.
    package func onOwnThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws(StoreError) -> T {
        let result: Result<T, any Error> = await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async { continuation.resume(returning: Result { try work() }) }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error):
            throw StoreError.translate(error) as? StoreError ?? .failed("the work could not be done")
        }
    }
}

/// The last time in the database, in seconds since 1970.
package struct StoredClock: Noun {
    let transaction: Transaction
}

extension StoredClock {
    /// The last recorded time; nil in a new database.
    package func last() throws -> Int64? {
        try first("SELECT value FROM meta WHERE key = 'last clock'") { try $0.integer(0) }
    }

    /// Records the time, if it is later than the last one, so that the next start detects a clock that was set back.
    package func advance(to now: Int64) throws {
        try execute(
            """
            INSERT INTO meta (key, value) VALUES ('last clock', ?1)
            ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)
            """, now)
    }

    /// Changes a row of its own, each time to another value: SQLite writes nothing for a value that stays the same.
    package func probeWriting() throws {
        try execute(
            """
            INSERT INTO meta (key, value) VALUES ('write probe', 1)
            ON CONFLICT (key) DO UPDATE SET value = (value + 1) % 1000000
            """)
    }

    /// Makes the present time the last one, after an administrator confirmed that the earlier clock was wrong.
    package func reset(_ now: Int64) throws {
        try execute("UPDATE meta SET value = ?1 WHERE key = 'last clock'", now)
    }
}
