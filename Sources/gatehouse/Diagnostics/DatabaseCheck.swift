import AuthorizationServer
import OAuth
import Storage

/// Whether the database is whole, durable, and has room.
struct DatabaseCheck {
    let store: Store
    let folder: String
    let now: Timestamp

    private static let mebibyte: UInt64 = 1 << 20
    /// Days without a copy after which one is recommended.
    private static let copyAge: Int64 = 7

    func findings() async -> [Finding] {
        do {
            return try await condition() + room() + (try await copies()) + (try await records())
        } catch {
            return [Finding("database", .problem, Sentence.of(error))] + room()
        }
    }

    private func condition() async throws -> [Finding] {
        let condition = try await store.condition()
        if let first = condition.defects.first {
            return [Finding("database", .problem, "It is damaged (\(first)); restore a backup.")]
        }
        guard condition.isDurable else {
            return [
                Finding(
                    "database", .problem, "Its commits are not durable (synchronous is not FULL); restart the server.")
            ]
        }
        let log =
            condition.logBytes > Int64(512 * Self.mebibyte)
            ? Finding(
                "database log", .warning,
                "Its log has \(Self.size(UInt64(condition.logBytes))) and is not folded back; restart the server, and look for a "
                    + "reader that never ends.")
            : Finding("database log", .ok, "Its log has \(Self.size(UInt64(condition.logBytes))).")
        return [
            Finding(
                "database", .ok,
                "Every page is sound: \(Self.size(UInt64(condition.bytes))), schema '\(condition.schema)', SQLite "
                    + "\(condition.engine), durable commits."), log,
        ]
    }

    private func room() -> [Finding] { [Self.judge(FileStatus.Room(at: folder), of: folder)] }

    /// What the room on the disk of `folder` means; nil where it cannot be told.
    static func judge(_ room: FileStatus.Room?, of folder: String) -> Finding {
        guard let room else {
            return Finding("disk", .problem, "\(folder) cannot be looked at; check that it exists and is the server's.")
        }
        if room.isReadOnly {
            return Finding("disk", .problem, "\(folder) cannot be written to; nothing can be approved until it can.")
        }
        let free = "\(size(room.freeBytes)) are free on the disk of \(folder)"
        if room.freeBytes < 16 * mebibyte {
            return Finding("disk", .problem, "Only \(free); make room, or nothing can be approved soon.")
        }
        return room.freeBytes < 512 * mebibyte || room.share < 0.02
            ? Finding("disk", .warning, "Only \(free); make room.") : Finding("disk", .ok, "\(free).")
    }

    private func copies() async throws -> [Finding] {
        var filter = AuditFilter()
        filter.action = AuditAction.databaseCopied.rawValue
        let last = try await store.read { [filter] in try $0.audit.tail(.main, filter, limit: 1) }.first?.entry.at
        guard let last else {
            return [
                Finding("backup", .warning, "None was ever made by 'gatehouse db backup'; copy the keys' folder too.")
            ]
        }
        let days = (now - last) / 86_400
        return [
            days > Self.copyAge
                ? Finding(
                    "backup", .warning, "The last one was made \(days) days ago; 'gatehouse db backup FILE' makes one.")
                : Finding("backup", .ok, "The last one was made \(days) days ago.")
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
                "The last audit record is \(last - now) s in the future: the clock was set back; correct it.")
        ]
    }

    static func size(_ bytes: UInt64) -> String {
        for (unit, length) in [("GiB", UInt64(1 << 30)), ("MiB", 1 << 20), ("KiB", 1 << 10)] where bytes >= length {
            return "\(bytes / length) \(unit)"
        }
        return "\(bytes) bytes"
    }
}
