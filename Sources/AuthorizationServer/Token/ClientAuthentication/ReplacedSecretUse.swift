import Logging
import OAuth
import Storage
import Synchronization

/// Makes it visible that an MCP server still authenticates with a replaced secret: by a line in the log, and by a time that
/// `resources show` prints. It writes once a minute, and after the response: introspection only reads.
final class ReplacedSecretUse: Sendable {
    private static let pause: Int64 = 60

    private let store: Store
    private let background: BackgroundWork
    private let lines: DeduplicatedLog
    /// When the use of each replaced secret was last written. As many MCP servers as have one.
    private let written = Mutex<[ResourceID: Timestamp]>([:])

    init(_ store: Store, _ background: BackgroundWork, _ lines: DeduplicatedLog) {
        self.store = store
        self.background = background
        self.lines = lines
    }

    /// Notes one use. Returns at once.
    func note(_ secret: ReplacedSecret, of resource: ResourceID, now: Timestamp) {
        lines.note(
            "an MCP server authenticated with its replaced secret; give it the new one before the old one ends",
            level: .notice, ["resource": resource.string, "ends": secret.endsAt.rfc3339])
        let isDue = written.withLock { written in
            if let last = written[resource], (0..<Self.pause).contains(now - last) { return false }
            written[resource] = now
            return true
        }
        guard isDue else { return }
        background.run("replaced secret of \(resource)", failure: "the use of a replaced secret could not be recorded")
        {
            [store] in
            try await store.write { try $0.replacedSecrets.recordUse(secret.digest, of: resource, now: now) }
        }
    }
}
