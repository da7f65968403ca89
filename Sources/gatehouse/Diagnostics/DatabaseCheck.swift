import AuthorizationServer
import OAuth
import Storage

/// Checks that the database is undamaged and durable, has disk space, and has been backed up.
struct DatabaseCheck {
    let store: Store
    let folder: String
    let now: Timestamp

    private static let mebibyte: UInt64 = 1 << 20
    /// The age in days from which the last backup is too old.
    private static let backupAge: Int64 = 7

    func findings() async -> [Finding] {
        do {
            return try await condition() + disk() + (try await backups()) + (try await records())
        } catch {
            return [Finding("database", .problem, Sentence.of(error))] + disk()
        }
    }

    private func condition() async throws -> [Finding] {
        let condition = try await store.condition()
        if let first = condition.defects.first {
            return [Finding("database", .problem, "The database is damaged (\(first)). Restore a backup.")]
        }
        guard condition.isDurable else {
            return [
                Finding(
                    "database", .problem, "Commits are not durable (synchronous is not FULL). Restart the server.")
            ]
        }
        let log =
            condition.logBytes > Int64(512 * Self.mebibyte)
            ? Finding(
                "database log", .warning,
                "The write-ahead log has \(Self.size(UInt64(condition.logBytes))) and is not checkpointed. Restart the server, "
                    + "and look for a process that keeps a read open.")
            : Finding("database log", .ok, "The write-ahead log has \(Self.size(UInt64(condition.logBytes))).")
        return [
            Finding(
                "database", .ok,
                "Every page is intact: \(Self.size(UInt64(condition.bytes))), schema '\(condition.schema)', SQLite "
                    + "\(condition.engine), durable commits."), log,
        ]
    }

    private func disk() -> [Finding] { [Self.finding(FileStatus.Space(at: folder), of: folder)] }

    /// The finding about the space on the disk of `folder`; `space` is nil if it cannot be read.
    static func finding(_ space: FileStatus.Space?, of folder: String) -> Finding {
        guard let space else {
            return Finding(
                "disk", .problem, "Cannot read \(folder). Check that it exists and that the server's user owns it.")
        }
        if space.isReadOnly {
            return Finding(
                "disk", .problem, "\(folder) is not writable; users cannot approve anything. Make it writable.")
        }
        let free = "\(size(space.freeBytes)) free on the disk of \(folder)"
        if space.freeBytes < 16 * mebibyte {
            return Finding("disk", .problem, "Only \(free). Free some space, or users soon cannot approve anything.")
        }
        return space.freeBytes < 512 * mebibyte || space.share < 0.02
            ? Finding("disk", .warning, "Only \(free). Free some space.") : Finding("disk", .ok, "\(free).")
    }

    private func backups() async throws -> [Finding] {
        guard let last = try await store.read({ try $0.backups.last() }) else {
            return [
                Finding(
                    "backup", .warning,
                    "No backup was ever stored. Run 'gatehouse db backup FILE --with-keys'.")
            ]
        }
        let days = (now - last) / 86_400
        return [
            days > Self.backupAge
                ? Finding(
                    "backup", .warning,
                    "The last backup was made \(Sentence.count(days, "day")) ago. Run 'gatehouse db backup' more often, for example from a timer."
                )
                : Finding("backup", .ok, "The last backup was made \(Sentence.count(days, "day")) ago.")
        ]
    }

    private func records() async throws -> [Finding] {
        do {
            try await store.checkClock(now: now.seconds)
        } catch {
            return [Finding("clock", .problem, Sentence.of(error))]
        }
        let last = try await store.read { try $0.audit.tail(limit: 1) }.first?.entry.at
        guard let last, last - now > 5 else { return [] }
        return [
            Finding(
                "clock", .problem,
                "The last audit record is \(last - now) s in the future: the clock was set back. Correct it.")
        ]
    }

    static func size(_ bytes: UInt64) -> String {
        for (unit, length) in [("GiB", UInt64(1 << 30)), ("MiB", 1 << 20), ("KiB", 1 << 10)] where bytes >= length {
            return "\(bytes / length) \(unit)"
        }
        return "\(bytes) bytes"
    }
}
