import Synchronization

/// The content of a keys folder as one value, for a backup: every key, the names of past keys, and the checkpoints.
///
/// The keys are not encrypted in it, whatever the folder does, so that a restored folder can have another passphrase or none.
package struct KeyArchive: Sendable {
    let state: KeyRingState
    /// The checkpoints of the audit trail, as they are stored beside the keys; nil if there were none.
    package let checkpoints: [UInt8]?

    /// The names of all keys, past ones included.
    package var ids: Set<String> { Set((state.records + state.past).map(\.id)) }

    /// The keys that a ring does not know, neither as keys nor as past keys. A ring that is newer than the archive knows all.
    package func unknown(to ring: KeyRing) -> [String] {
        ids.subtracting(ring.state.withLock { Set(($0.records + $0.past).map(\.id)) }).sorted()
    }

    /// Opens the keys in memory, to examine a backup. `folder` is the caller's own and gets the checkpoints, never a key.
    package func open(in folder: String) throws(KeyRingError) -> KeyRing {
        let vault = try KeyVault(try KeyDirectory(folder, create: false), nil)
        if let checkpoints { try vault.directory.write(KeyRing.checkpointsFile, checkpoints) }
        return KeyRing(vault, state)
    }

    /// Whether a folder has no keys yet; a missing folder has none. Throws for a folder that holds other things.
    package static func isEmpty(_ folder: String) throws(KeyRingError) -> Bool {
        guard KeyDirectory.exists(folder) else { return true }
        return try KeyVault(try KeyDirectory(folder, create: false), nil).isEmpty()
    }

    /// Writes the keys into a folder without keys, encrypted if there is a passphrase. A folder that a kill leaves behind counts
    /// as empty.
    package func write(to folder: String, passphrase: Secret?) throws(KeyRingError) {
        let vault = try KeyVault(try KeyDirectory(folder, create: true), passphrase)
        guard try vault.isEmpty() else {
            throw KeyRingError("\(vault.directory.path) already holds keys, which are never overwritten.")
        }
        try vault.create { () throws(KeyRingError) in
            try vault.save(all: state)
            if let checkpoints { try vault.directory.write(KeyRing.checkpointsFile, checkpoints) }
            return state
        }
    }
}

extension KeyArchive {
    /// The keys of a ring. `checkpoints` are those of the moment to which a restored database has to match.
    package init(of ring: KeyRing, checkpoints: [UInt8]?) {
        var state = ring.state.withLock { $0 }
        state.forgetRetired()
        self.init(state: state, checkpoints: checkpoints)
    }
}

// MARK: - As bytes

extension KeyArchive {
    /// The most bytes of an archive, which the checkpoints make large.
    private static let limit = 48 << 20

    /// The archive as JSON, which contains the private keys.
    package func bytes() throws(KeyError) -> [UInt8] {
        var keys: [JSON] = []
        for record in state.records {
            var json = record.json
            if let key = state.signing[record.id] {
                json["secret"] = .string(String(decoding: try key.pem(), as: UTF8.self))
            } else if let key = state.secrets[record.id] {
                json["secret"] = .string(Base64URL.encode(key.bytes))
            }
            keys.append(.object(json))
        }
        var json: JSONObject = [
            "version": 1, "keys": .array(keys), "past": .array(state.past.map { .object($0.json) }),
        ]
        json["checkpoints"] = checkpoints.map { .string(Base64URL.encode($0)) }
        return json.bytes
    }

    /// Parses an archive; nil for a malformed one, and for one of a later version.
    package init?(parsing bytes: [UInt8]) {
        guard let json = try? JSONObject(parsing: bytes, limits: JSON.Limits(bytes: Self.limit, members: .max)),
            json["version"] == 1, let keys = json["keys"]?.array, let past = json["past"]?.array
        else { return nil }
        var state = KeyRingState()
        for entry in keys {
            guard let object = entry.object, let record = KeyRecord(object), state.add(record, object["secret"]?.string)
            else { return nil }
        }
        state.past = past.compactMap { $0.object.flatMap(KeyRecord.init) }
        guard state.past.count == past.count, Set(state.records.map(\.id)).count == state.records.count,
            KeyRing.Purpose.everywhere.allSatisfy({ purpose in
                state.records.contains {
                    $0.purpose == purpose && (state.signing[$0.id] != nil || state.secrets[$0.id] != nil)
                }
            })
        else { return nil }
        var checkpoints: [UInt8]?
        if let text = json["checkpoints"] {
            guard let decoded = text.string.flatMap(Base64URL.decode) else { return nil }
            checkpoints = decoded
        }
        self.init(state: state, checkpoints: checkpoints)
    }
}

extension KeyRingState {
    /// Adds a key with its secret, or an ended one without; false if the secret is malformed or belongs to another name.
    fileprivate mutating func add(_ record: KeyRecord, _ secret: String?) -> Bool {
        records.append(record)
        guard let secret else { return record.endedAt != nil }
        switch record.purpose {
        case .signing:
            guard let key = try? SigningKey(pem: Array(secret.utf8)), key.kid == record.id else { return false }
            signing[record.id] = key
        case .secret:
            guard let bytes = Base64URL.decode(secret), let key = NamedKey(id: record.id, bytes: bytes) else {
                return false
            }
            secrets[record.id] = key
        }
        return true
    }
}
