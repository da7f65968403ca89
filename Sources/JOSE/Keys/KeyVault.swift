/// A key directory as keys: reads and writes the files of each key, encrypted when there is a passphrase.
struct KeyVault: Sendable {
    let directory: KeyDirectory
    let passphrase: Secret?
    /// The generation of the files; see `KeyIndex`.
    var generation: Int64 = 0

    init(_ directory: KeyDirectory, _ passphrase: Secret?) throws(KeyRingError) {
        // OpenSSL cuts a passphrase at a NUL and at 1,024 bytes: what lies beyond would protect nothing.
        if let bytes = passphrase?.bytes, bytes.isEmpty || bytes.count > 1000 || bytes.contains(0) {
            throw KeyRingError("The passphrase for the keys must have 1 to 1000 bytes and no NUL.")
        }
        self.directory = directory
        self.passphrase = passphrase
    }

    /// The name of the file of a key.
    func file(_ record: KeyRecord) -> String { record.file(generation: generation) }

    /// The index of these keys.
    func index(_ state: KeyRingState) -> KeyIndex {
        KeyIndex(
            isEncrypted: passphrase != nil, records: state.records, past: state.past, generation: generation)
    }

    func load(signing record: KeyRecord) throws(KeyRingError) -> SigningKey {
        let pem = try directory.read(file(record))
        guard let key = try? SigningKey(pem: pem, passphrase: passphrase) else { throw unreadable(record) }
        guard key.kid == record.id else { throw mixedUp(record) }
        return key
    }

    func load(secret record: KeyRecord) throws(KeyRingError) -> NamedKey {
        let text = try directory.read(file(record))
        let parts = String(decoding: text, as: UTF8.self).split(separator: "\n").first?.split(separator: ":") ?? []
        guard let bytes = bytes(of: parts, record), let key = NamedKey(id: record.id, bytes: bytes) else {
            throw unreadable(record)
        }
        return key
    }

    func save(_ key: SigningKey, _ record: KeyRecord) throws(KeyRingError) {
        guard let pem = try? key.pem(passphrase: passphrase) else {
            throw KeyRingError("libcrypto could not write the private key \(record.id).")
        }
        try directory.write(file(record), pem)
    }

    func save(_ key: NamedKey, _ record: KeyRecord) throws(KeyRingError) {
        var text = "plain:" + Base64URL.encode(key.bytes)
        if let passphrase {
            let salt = Random.bytes(16)
            guard let wrapping = wrapping(passphrase, salt),
                let sealed = try? Sealing.seal(key.bytes, key: wrapping, context: record.file)
            else { throw KeyRingError("libcrypto could not encrypt the key \(record.id).") }
            text = "sealed:\(Base64URL.encode(salt)):\(Base64URL.encode(sealed))"
        }
        try directory.write(file(record), Array(text.utf8) + [UInt8(ascii: "\n")])
    }

    /// Writes the files of all keys in memory.
    func save(all state: KeyRingState) throws(KeyRingError) {
        for record in state.records {
            if let key = state.signing[record.id] { try save(key, record) }
            if let key = state.secrets[record.id] { try save(key, record) }
        }
    }

    /// Makes a key that is active at once, writes its file and adds it to the state.
    func make(_ purpose: KeyRing.Purpose, now: Int64, in state: inout KeyRingState) throws(KeyRingError) {
        switch purpose {
        case .signing:
            let key = SigningKey.generate()
            let record = KeyRecord(id: key.kid, purpose: purpose, createdAt: now, activeFrom: now)
            try save(key, record)
            state.records.append(record)
            state.signing[record.id] = key
        case .secret:
            let key = NamedKey.generate()
            let record = KeyRecord(id: key.id, purpose: purpose, createdAt: now, activeFrom: now)
            try save(key, record)
            state.records.append(record)
            state.secrets[record.id] = key
        }
    }

    private func bytes(of parts: [Substring], _ record: KeyRecord) -> [UInt8]? {
        guard let passphrase else {
            return parts.count == 2 && parts[0] == "plain" ? Base64URL.decode(parts[1]) : nil
        }
        guard parts.count == 3, parts[0] == "sealed", let salt = Base64URL.decode(parts[1]), salt.count == 16,
            let sealed = Base64URL.decode(parts[2]), let wrapping = wrapping(passphrase, salt)
        else { return nil }
        return Sealing.open(sealed, keys: { _ in wrapping }, context: record.file)
    }

    /// The key that encrypts a symmetric key's file, derived from the passphrase with a salt per file.
    private func wrapping(_ passphrase: Secret, _ salt: [UInt8]) -> NamedKey? {
        let cost = Scrypt.Cost(logN: 14, r: 8, p: 1)
        return NamedKey(id: "passphrase", bytes: Scrypt.derive(passphrase, salt: salt, cost: cost, count: 32))
    }

    private func unreadable(_ record: KeyRecord) -> KeyRingError {
        let file = "\(directory.path)/\(file(record))"
        return passphrase == nil
            ? KeyRingError("The key file \(file) is damaged: restore it from the backup of the keys directory.")
            : KeyRingError("The passphrase does not open the key file \(file): check it, or restore the file.")
    }

    /// The name of a signing key is its thumbprint, so a swapped file is detected. Symmetric keys have it as sealing context.
    private func mixedUp(_ record: KeyRecord) -> KeyRingError {
        KeyRingError(
            "The key file \(directory.path)/\(file(record)) holds another key than the one it is named after: restore it from the backup."
        )
    }
}

// MARK: - The whole directory

extension KeyVault {
    /// The file that stands in the directory until all first keys and their index are written.
    private static let marker = ".creating"

    /// Whether the directory holds no keys yet: at most its README, or the remains of a first start that was interrupted.
    func isEmpty() throws(KeyRingError) -> Bool {
        let names = try directory.names()
        guard !names.contains(KeyIndex.file) else { return false }
        // Without an index no key beside the marker has been used for anything.
        let known: Set = ["README.md", ".gitignore", ".gitkeep", "lost+found", Self.marker, KeyRing.checkpointsFile]
        let others = names.subtracting(known).filter { !$0.hasSuffix(KeyDirectory.draft) }
        let keys = others.filter(Self.isKey)
        guard keys.isEmpty || names.contains(Self.marker) else {
            throw KeyRingError(
                "\(directory.path) holds keys but no \(KeyIndex.file): restore it from the backup of the directory."
            )
        }
        guard others == keys else {
            throw KeyRingError("\(directory.path) holds other files: configure a directory that is for keys alone.")
        }
        return true
    }

    private static func isKey(_ name: String) -> Bool { name.hasSuffix(".pem") || name.hasSuffix(".key") }

    /// Makes the first key of each purpose and the index.
    func create(_ now: Int64) throws(KeyRingError) -> KeyRingState {
        try create { () throws(KeyRingError) in
            var state = KeyRingState()
            for purpose in KeyRing.Purpose.everywhere { try make(purpose, now: now, in: &state) }
            return state
        }
    }

    /// Fills an empty directory and writes the index. Until then the directory counts as empty.
    @discardableResult
    func create(_ fill: () throws(KeyRingError) -> KeyRingState) throws(KeyRingError) -> KeyRingState {
        try directory.shut()
        try directory.write(Self.marker, [])
        try directory.remove(directory.names().filter(Self.isKey))
        let state = try fill()
        try directory.write(KeyIndex.file, index(state).bytes)
        try directory.remove([Self.marker])
        return state
    }

    /// Reads the index and every key that is still used.
    mutating func open(_ now: Int64) throws(KeyRingError) -> KeyRingState {
        try directory.requireShut()
        let state = try load(now)
        try removeFiles { $0 < generation }
        // Removed only when it is there: a read-only directory, such as a mounted secret, is good enough for reading.
        if try directory.names().contains(Self.marker) { try directory.remove([Self.marker]) }
        return state
    }

    /// Removes the key files of other generations, which a kill left behind; the keys are in those of the index.
    func removeFiles(where isOther: (Int64) -> Bool) throws(KeyRingError) {
        let names = try directory.names().filter { Self.generation(ofFile: $0).map(isOther) ?? false }
        // A read-only directory, such as a mounted secret, is good enough for reading.
        if !names.isEmpty { try directory.remove(names) }
    }

    /// The generation in the name of a key file; nil for other names.
    private static func generation(ofFile name: String) -> Int64? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard isKey(name), parts[0].contains("-") else { return nil }
        switch parts.count {
        case 2: return 0
        case 3: return Int64(parts[1]).flatMap { $0 > 0 ? $0 : nil }
        default: return nil
        }
    }

    private mutating func load(_ now: Int64) throws(KeyRingError) -> KeyRingState {
        let path = directory.path
        guard let index = KeyIndex(try directory.read(KeyIndex.file, limit: KeyIndex.limit)) else {
            throw KeyRingError("\(path)/\(KeyIndex.file) is damaged or of a newer version: restore it from the backup.")
        }
        switch (index.isEncrypted, passphrase) {
        case (true, nil): throw KeyRingError("The keys in \(path) are encrypted: give their passphrase.")
        case (false, .some): throw KeyRingError("The keys in \(path) are not encrypted: start without a passphrase.")
        case (true, .some), (false, nil): break
        }
        generation = index.generation
        var state = KeyRingState(records: index.records, past: index.past)
        for record in index.records {
            switch record.purpose {
            case .signing where record.isRetired(at: now): break
            case .secret where record.isErased: break
            case .signing: state.signing[record.id] = try load(signing: record)
            case .secret: state.secrets[record.id] = try load(secret: record)
            }
        }
        for purpose in KeyRing.Purpose.everywhere where state.active(purpose, at: now) == nil {
            throw KeyRingError("\(path)/\(KeyIndex.file) names no key for \(purpose.name): restore it from the backup.")
        }
        return state
    }
}
