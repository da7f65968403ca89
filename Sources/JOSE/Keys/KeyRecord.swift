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

    /// The name of the key's file.
    var file: String {
        switch purpose {
        case .signing: "\(purpose.name)-\(id).pem"
        case .secret: "\(purpose.name)-\(id).key"
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

    init(isEncrypted: Bool, records: [KeyRecord], past: [KeyRecord] = []) {
        self.isEncrypted = isEncrypted
        self.records = records
        self.past = past
    }

    /// Parses the index; nil when it is malformed or of a later version.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONObject(parsing: bytes, limits: JSON.Limits(bytes: Self.limit, members: .max)),
            json["version"]?.integer == 1, let isEncrypted = json["encrypted"]?.bool, let entries = json["keys"]?.array
        else { return nil }
        let records = entries.compactMap { $0.object.flatMap(KeyRecord.init) }
        guard records.count == entries.count, Set(records.map(\.id)).count == records.count else { return nil }
        let names = json["past"]?.array ?? []
        let past = names.compactMap { $0.object.flatMap(KeyRecord.init) }
        guard past.count == names.count else { return nil }
        self.init(isEncrypted: isEncrypted, records: records, past: past)
    }

    var bytes: [UInt8] {
        var json: JSONObject = [
            "version": 1, "encrypted": .bool(isEncrypted), "keys": .array(records.map { .object($0.json) }),
        ]
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
