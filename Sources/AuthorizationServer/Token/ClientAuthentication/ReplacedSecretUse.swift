import Logging
import OAuth
import Storage
import Synchronization

/// Makes it visible that an MCP server or a client still authenticates with a replaced secret: by a line in the log, and by a time
/// that `resources show` and `clients show` print. It writes once a minute, and after the response: introspection only reads.
final class ReplacedSecretUse: Sendable {
    private static let pause: Int64 = 60

    private let store: Store
    private let background: BackgroundWork
    private let lines: DeduplicatedLog
    /// When the use of each replaced secret was last written. As many owners as have one.
    private let written = Mutex<[String: Timestamp]>([:])

    init(_ store: Store, _ background: BackgroundWork, _ lines: DeduplicatedLog) {
        self.store = store
        self.background = background
        self.lines = lines
    }

    /// Notes one use by an MCP server. Returns at once.
    func note(_ secret: ReplacedSecret, of resource: ResourceID, now: Timestamp) {
        note(
            "an MCP server authenticated with its replaced secret; give it the new one before the old one ends",
            secret, ["resource": resource.string], resource.string, now
        ) { try $0.replacedSecrets.recordUse(secret.digest, of: resource, now: now) }
    }

    /// Notes one use by a client. Returns at once.
    func note(_ secret: ReplacedSecret, of client: ClientID, now: Timestamp) {
        note(
            "a client authenticated with its replaced secret; give it the new one before the old one ends", secret,
            ["client": client.string], client.string, now
        ) { try $0.replacedClientSecrets.recordUse(secret.digest, of: client, now: now) }
    }

    private func note(
        _ line: String, _ secret: ReplacedSecret, _ fields: [String: String], _ owner: String, _ now: Timestamp,
        record: @escaping @Sendable (Transaction) throws -> Void
    ) {
        lines.note(line, level: .notice, fields.merging(["ends": secret.endsAt.rfc3339]) { $1 })
        let isDue = written.withLock { written in
            if let last = written[owner], (0..<Self.pause).contains(now - last) { return false }
            written[owner] = now
            return true
        }
        guard isDue else { return }
        background.run("replaced secret of \(owner)", failure: "the use of a replaced secret could not be recorded") {
            [store] in
            try await store.write { try record($0) }
        }
    }
}
