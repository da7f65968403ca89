import JOSE
import Storage
import Synchronization

/// The last signed checkpoint of each chain, as it is kept beside the keys: whoever can write the database alone cannot
/// present another past, or an older one.
enum AuditCheckpointFile {
    /// What the file says.
    private struct Note {
        /// The last checkpoint of each chain.
        var last: [AuditCheckpoint] = []
        /// Those that commands signed and that stand in no server's log yet, the oldest first.
        var untold: [AuditCheckpoint] = []
    }

    /// So many lines wait for a log at most; ten thousand commands without one server in between are none's.
    private static let mostUntold = 10_000

    /// The file is read, changed and written by one task at a time.
    private static let writing = Mutex(())

    /// Has the store know what is kept. Where nothing ever was, the checkpoints of the database are believed this once.
    static func recall(from keys: KeyRing, into store: Store) async throws {
        guard !store.signedCheckpoints.all.contains(where: { $0.chain == .main }) else { return }
        let known =
            if let note = try read(keys) {
                note.last
            } else {
                try await store.read { transaction in
                    try transaction.audit.chains().compactMap {
                        try transaction.audit.checkpoints.last(of: $0)?.checkpoint
                    }
                }
            }
        for checkpoint in known { store.signedCheckpoints.remember(checkpoint) }
    }

    /// What is kept, for comparing it with a database; nothing where nothing ever was.
    static func all(in keys: KeyRing) throws(KeyRingError) -> [AuditCheckpoint] { try read(keys)?.last ?? [] }

    /// Keeps these in place of what was kept. What no log tells of is kept beside them until one does.
    static func save(
        _ checkpoints: [AuditCheckpoint], to keys: KeyRing, untold: [AuditCheckpoint] = []
    ) throws(KeyRingError) {
        try change(keys) { note in
            note.last = checkpoints.sorted { $0.chain.description < $1.chain.description }
            note.untold = (note.untold + untold).suffix(mostUntold)
        }
    }

    /// What no log tells of yet, the oldest first.
    static func untold(in keys: KeyRing) throws(KeyRingError) -> [AuditCheckpoint] { try read(keys)?.untold ?? [] }

    /// Notes that a log tells of these.
    static func markTold(_ told: [AuditCheckpoint], in keys: KeyRing) throws(KeyRingError) {
        try change(keys) { note in note.untold.removeAll(where: Set(told).contains) }
    }

    private static func change(_ keys: KeyRing, _ body: (inout Note) -> Void) throws(KeyRingError) {
        try writing.withLock { _ throws(KeyRingError) in
            var note = try read(keys) ?? Note()
            body(&note)
            try write(note, keys)
        }
    }

    private static func read(_ keys: KeyRing) throws(KeyRingError) -> Note? {
        guard let bytes = try keys.checkpoints() else { return nil }
        let limits = JSON.Limits(bytes: .max, members: .max)
        guard let json = try? JSONObject(parsing: bytes, limits: limits), json["version"]?.integer == 1,
            let entries = json["checkpoints"]?.array
        else { throw keys.checkpointsAreDamaged }
        var note = Note()
        for entry in entries.map(\.object) {
            guard let checkpoint = entry?["signed"]?.string.flatMap({ AuditCheckpoint(signed: $0) }) else {
                throw keys.checkpointsAreDamaged
            }
            note.last.append(checkpoint)
            // An earlier version knew of the last one alone.
            if entry?["logged"]?.bool == false { note.untold.append(checkpoint) }
        }
        for value in json["untold"]?.array ?? [] {
            guard let checkpoint = value.string.flatMap({ AuditCheckpoint(signed: $0) }) else {
                throw keys.checkpointsAreDamaged
            }
            note.untold.append(checkpoint)
        }
        return note
    }

    private static func write(_ note: Note, _ keys: KeyRing) throws(KeyRingError) {
        var json: JSONObject = [
            "version": 1, "checkpoints": .array(note.last.map { .object(["signed": .string($0.signed)]) }),
        ]
        if !note.untold.isEmpty { json["untold"] = .strings(note.untold.map(\.signed)) }
        try keys.save(checkpoints: json.bytes + [UInt8(ascii: "\n")])
    }
}
