import Foundation
import GRDB
import JOSE

/// What an operator asks of the database as a whole: a copy, a check, the clock it last saw.
extension Store {
    /// Writes a checked copy into `folder` and returns its path; the caller moves or streams it, then deletes it.
    package func backup(into folder: String) async throws(StoreError) -> String {
        let copy = DataDirectory.draft(in: folder, ending: ".sqlite")
        do throws(StoreError) {
            try await onOwnThread { [pool] in
                let target = try DatabaseQueue(path: copy)
                try pool.backup(to: target)
                try target.writeWithoutTransaction { db in
                    // A copy is one file: nothing beside it may be forgotten.
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

    /// Reads every page and every reference; returns what is wrong, one sentence each, empty when sound.
    package func check() async throws(StoreError) -> [String] {
        try await onOwnThread { [pool] in try pool.unsafeRead { try Self.defects($0) } }
    }

    /// Refuses a clock that is more than five seconds behind the last one that the database saw: codes and replay
    /// windows would open again.
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

    /// Long work does not block the threads that serve requests.
    func onOwnThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws(StoreError) -> T {
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

/// The last time that the store knows of.
package struct StoredClock: Noun {
    let transaction: Transaction
}

extension StoredClock {
    /// The last time that a write noted.
    package func last() throws -> Int64? {
        try first("SELECT value FROM meta WHERE key = 'last clock'") { try $0.integer(0) }
    }

    /// Notes the time, never an earlier one, so that a clock stepped back is seen at the next start.
    package func note(_ now: Int64) throws {
        try execute(
            """
            INSERT INTO meta (key, value) VALUES ('last clock', ?1)
            ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)
            """, now)
    }

    /// After an operator confirmed that the earlier clock was wrong, the present time is the last one.
    package func reset(_ now: Int64) throws {
        try execute("UPDATE meta SET value = ?1 WHERE key = 'last clock'", now)
    }
}
