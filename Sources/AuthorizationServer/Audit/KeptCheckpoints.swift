import JOSE
import Storage

/// The last signed checkpoint of each chain, as it is kept beside the keys: whoever can write the database alone cannot
/// present another past, or an older one.
enum KeptCheckpoints {
    private struct Entry {
        let signed: String
        /// Whether it stands in a server's log.
        let isTold: Bool
    }

    /// Has the store know what is kept. Where nothing ever was, the checkpoints of the database are believed this once.
    static func recall(from keys: KeyRing, into store: Store) async throws {
        guard !store.signedCheckpoints.contains(where: { $0.chain == .main }) else { return }
        let known =
            if let entries = try read(keys) {
                try checkpoints(entries, keys)
            } else {
                try await store.read { transaction in
                    try transaction.auditChains().compactMap { try transaction.lastCheckpoint($0)?.checkpoint }
                }
            }
        for checkpoint in known { store.note(signed: checkpoint) }
    }

    /// What is kept, for comparing it with a database; nothing where nothing ever was.
    static func all(in keys: KeyRing) throws(KeyRingError) -> [AuditCheckpoint] {
        try checkpoints(try read(keys) ?? [], keys)
    }

    /// Keeps these in place of what was kept.
    static func save(
        _ checkpoints: [AuditCheckpoint], to keys: KeyRing, untold: [AuditCheckpoint] = []
    ) throws(KeyRingError) {
        let news = Set(untold.map(\.signed)).union((try read(keys) ?? []).filter { !$0.isTold }.map(\.signed))
        let sorted = checkpoints.sorted { $0.chain.description < $1.chain.description }
        try write(sorted.map { Entry(signed: $0.signed, isTold: !news.contains($0.signed)) }, keys)
    }

    /// What no log tells of yet.
    static func untold(in keys: KeyRing) throws(KeyRingError) -> [AuditCheckpoint] {
        try checkpoints((try read(keys) ?? []).filter { !$0.isTold }, keys)
    }

    /// Notes that a log tells of all of it.
    static func markTold(in keys: KeyRing) throws(KeyRingError) {
        try write((try read(keys) ?? []).map { Entry(signed: $0.signed, isTold: true) }, keys)
    }

    private static func checkpoints(_ entries: [Entry], _ keys: KeyRing) throws(KeyRingError) -> [AuditCheckpoint] {
        let read = entries.compactMap { AuditCheckpoint(signed: $0.signed) }
        guard read.count == entries.count else { throw keys.noteIsDamaged }
        return read
    }

    private static func read(_ keys: KeyRing) throws(KeyRingError) -> [Entry]? {
        guard let bytes = try keys.kept() else { return nil }
        let limits = JSON.Limits(bytes: .max, members: .max)
        guard let json = try? JSONObject(parsing: bytes, limits: limits), json["version"]?.integer == 1,
            let found = json["checkpoints"]?.array
        else { throw keys.noteIsDamaged }
        let entries = found.compactMap { value in
            value.object.flatMap { object in
                object["signed"]?.string.map { Entry(signed: $0, isTold: object["logged"]?.bool ?? true) }
            }
        }
        guard entries.count == found.count else { throw keys.noteIsDamaged }
        return entries
    }

    private static func write(_ entries: [Entry], _ keys: KeyRing) throws(KeyRingError) {
        let checkpoints = entries.map { JSON.object(["signed": .string($0.signed), "logged": .bool($0.isTold)]) }
        let json: JSONObject = ["version": 1, "checkpoints": .array(checkpoints)]
        try keys.keep(json.bytes + [UInt8(ascii: "\n")])
    }
}
