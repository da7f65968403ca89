/// One entry of the index: everything about a key except its bytes.
struct KeyRecord: Hashable, Sendable {
    typealias Purpose = KeyRing.Purpose

    let id: String
    let purpose: Purpose
    let createdAt: Int64
    let activeFrom: Int64
    var retiresAt: Int64?
    /// When the key was ended before its time, in seconds; the entry stays until nothing depends on the key.
    var endedAt: Int64?
    /// Whether the bytes are erased or about to be: the index says so before the file is removed.
    var isErased = false

    /// The name of the key's file in a folder that was never protected anew.
    var file: String { file(generation: 0) }

    /// The name of the key's file. Each time the folder is protected anew it gets another generation of files, so that the index
    /// exchanges all of them at once.
    func file(generation: Int64) -> String {
        let number = generation == 0 ? "" : ".\(generation)"
        return switch purpose {
        case .signing: "\(purpose.name)-\(id)\(number).pem"
        case .secret: "\(purpose.name)-\(id)\(number).key"
        }
    }

    /// Whether the key no longer counts at `now`: it was ended, or its retirement time has passed.
    func isRetired(at now: Int64) -> Bool { endedAt != nil || retiresAt.map { $0 <= now } ?? false }
}

/// The index of a key directory, `keys.json`; it holds no secret.
struct KeyIndex: Sendable {
    static let file = "keys.json"
    /// The most bytes that the index may have; `KeyRingState` keeps it far below.
    static let limit = 1 << 20

    var isEncrypted: Bool
    var records: [KeyRecord]
    /// The entries of keys that left the ring, the oldest first.
    var past: [KeyRecord]
    /// How often the folder was protected anew.
    var generation: Int64

    init(isEncrypted: Bool, records: [KeyRecord], past: [KeyRecord] = [], generation: Int64 = 0) {
        self.isEncrypted = isEncrypted
        self.generation = generation
        self.records = records
        self.past = past
    }

    /// Parses the index; nil when it is malformed or of a later version.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONObject(parsing: bytes, limits: JSON.Limits(bytes: Self.limit, members: .max)),
            let version = json["version"]?.integer, let generation = Self.generation(of: json, version),
            let isEncrypted = json["encrypted"]?.bool, let entries = json["keys"]?.array
        else { return nil }
        let records = entries.compactMap { $0.object.flatMap(KeyRecord.init) }
        guard records.count == entries.count, Set(records.map(\.id)).count == records.count else { return nil }
        let names = json["past"]?.array ?? []
        let past = names.compactMap { $0.object.flatMap(KeyRecord.init) }
        guard past.count == names.count else { return nil }
        self.init(isEncrypted: isEncrypted, records: records, past: past, generation: generation)
    }

    /// The generation in an index of this version; nil for an unknown version. Version 1 has no generation, so that earlier
    /// programs refuse a folder with other names than they know.
    private static func generation(of json: JSONObject, _ version: Int64) -> Int64? {
        switch version {
        case 1: 0
        case 2: json["generation"]?.integer.flatMap { $0 > 0 ? $0 : nil }
        default: nil
        }
    }

    var bytes: [UInt8] {
        var json: JSONObject = [
            "version": generation == 0 ? 1 : 2, "encrypted": .bool(isEncrypted),
            "keys": .array(records.map { .object($0.json) }),
        ]
        if generation > 0 { json["generation"] = .integer(generation) }
        if !past.isEmpty { json["past"] = .array(past.map { .object($0.json) }) }
        return json.bytes + [UInt8(ascii: "\n")]
    }
}

extension KeyRecord {
    init?(_ json: JSONObject) {
        // The name becomes part of a path, so it must not leave the directory.
        guard let id = json["id"]?.string, let letters = Base64URL.decode(id), !letters.isEmpty,
            let purpose = json["purpose"]?.string.flatMap(Purpose.init), let createdAt = json["created_at"]?.integer,
            let activeFrom = json["active_from"]?.integer
        else { return nil }
        self.init(
            id: id, purpose: purpose, createdAt: createdAt, activeFrom: activeFrom,
            retiresAt: json["retires_at"]?.integer, endedAt: json["ended_at"]?.integer,
            isErased: json["erased"]?.bool ?? false)
    }

    var json: JSONObject {
        var json: JSONObject = [
            "id": .string(id), "purpose": .string(purpose.name), "created_at": .integer(createdAt),
            "active_from": .integer(activeFrom),
        ]
        json["retires_at"] = retiresAt.map(JSON.integer)
        json["ended_at"] = endedAt.map(JSON.integer)
        if isErased { json["erased"] = true }
        return json
    }
}
