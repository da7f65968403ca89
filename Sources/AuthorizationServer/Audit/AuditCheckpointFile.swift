import JOSE
import Storage
import Synchronization

/// The file beside the keys with the last signed checkpoint of each chain. It reveals a database that was rewritten or
/// replaced by an older one, unless the attacker can write the keys folder too.
enum AuditCheckpointFile {
    /// The content of the file.
    private struct Content {
        /// The last checkpoint of each chain.
        var last: [AuditCheckpoint] = []
        /// Checkpoints that commands signed and that no server has logged yet, oldest first.
        var unlogged: [AuditCheckpoint] = []
    }

    /// The number of checkpoints that wait for a log. Nobody runs ten thousand commands without a server in between.
    private static let mostUnlogged = 10_000

    /// One task at a time reads, changes and writes the file.
    private static let writing = Mutex(())

    /// Tells the store of the checkpoints in the file. If there never was a file, it trusts those of the database, once.
    static func recall(from keys: KeyRing, into store: Store) async throws {
        guard !store.signedCheckpoints.all.contains(where: { $0.chain == .main }) else { return }
        let known =
            if let content = try read(keys) {
                content.last
            } else {
                try await store.read { transaction in
                    try transaction.audit.chains().compactMap {
                        try transaction.audit.checkpoints.last(of: $0)?.checkpoint
                    }
                }
            }
        for checkpoint in known { store.signedCheckpoints.remember(checkpoint) }
    }

    /// The last checkpoint of each chain, to compare with a database; empty if there never was a file.
    static func all(in keys: KeyRing) throws(KeyRingError) -> [AuditCheckpoint] { try read(keys)?.last ?? [] }

    /// Replaces the last checkpoints, and adds unlogged ones to those that wait for a log.
    static func save(
        _ checkpoints: [AuditCheckpoint], to keys: KeyRing, unlogged: [AuditCheckpoint] = []
    ) throws(KeyRingError) {
        try change(keys) { content in
            content.last = checkpoints.sorted { $0.chain.description < $1.chain.description }
            content.unlogged = (content.unlogged + unlogged).suffix(mostUnlogged)
        }
    }

    /// The checkpoints that no server has logged yet, oldest first.
    static func unlogged(in keys: KeyRing) throws(KeyRingError) -> [AuditCheckpoint] {
        try read(keys)?.unlogged ?? []
    }

    /// Removes checkpoints that a server has logged.
    static func markLogged(_ logged: [AuditCheckpoint], in keys: KeyRing) throws(KeyRingError) {
        try change(keys) { content in content.unlogged.removeAll(where: Set(logged).contains) }
    }

    private static func change(_ keys: KeyRing, _ body: (inout Content) -> Void) throws(KeyRingError) {
        try writing.withLock { _ throws(KeyRingError) in
            var content = try read(keys) ?? Content()
            body(&content)
            try write(content, keys)
        }
    }

    private static func read(_ keys: KeyRing) throws(KeyRingError) -> Content? {
        guard let bytes = try keys.checkpoints() else { return nil }
        let limits = JSON.Limits(bytes: .max, members: .max)
        guard let json = try? JSONObject(parsing: bytes, limits: limits), json["version"]?.integer == 1,
            let entries = json["checkpoints"]?.array
        else { throw keys.checkpointsAreDamaged }
        var content = Content()
        for entry in entries.map(\.object) {
            guard let checkpoint = entry?["signed"]?.string.flatMap({ AuditCheckpoint(signed: $0) }) else {
                throw keys.checkpointsAreDamaged
            }
            content.last.append(checkpoint)
            // An earlier version marked the last checkpoint instead of listing all.
            if entry?["logged"]?.bool == false { content.unlogged.append(checkpoint) }
        }
        for value in json["untold"]?.array ?? [] {
            guard let checkpoint = value.string.flatMap({ AuditCheckpoint(signed: $0) }) else {
                throw keys.checkpointsAreDamaged
            }
            content.unlogged.append(checkpoint)
        }
        return content
    }

    private static func write(_ content: Content, _ keys: KeyRing) throws(KeyRingError) {
        var json: JSONObject = [
            "version": 1, "checkpoints": .array(content.last.map { .object(["signed": .string($0.signed)]) }),
        ]
        if !content.unlogged.isEmpty { json["untold"] = .strings(content.unlogged.map(\.signed)) }
        try keys.save(checkpoints: json.bytes + [UInt8(ascii: "\n")])
    }
}
