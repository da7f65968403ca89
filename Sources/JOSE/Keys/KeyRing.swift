import Synchronization

/// The keys of one Gatehouse: kept in one directory, several for each purpose, one of them active.
///
/// A new signing key is published before it is used, and an old one stays published until nothing that it signed is valid, so
/// that a resource server with a cached key set verifies at any moment. Symmetric keys are kept for good: what they sealed may be
/// needed at any time.
package final class KeyRing: Sendable {
    /// What is signed; each has its own keys, so that one kind of token can never stand for another.
    package enum SigningPurpose: String, CaseIterable, Sendable {
        /// Access tokens.
        case tokens
        /// Security events.
        case events
    }

    /// What is authenticated or sealed.
    package enum SecretPurpose: String, CaseIterable, Sendable {
        /// Refresh tokens.
        case refresh
        /// Authorization codes.
        case code
        /// Hidden fields of forms.
        case form
        /// Values that are stored sealed.
        case sealing
    }

    /// What a key is for.
    package enum Purpose: Hashable, Sendable {
        /// It signs.
        case signing(SigningPurpose)
        /// It authenticates or seals.
        case secret(SecretPurpose)

        /// A purpose by its name.
        package init?(_ name: String) {
            if let purpose = SigningPurpose(rawValue: name) {
                self = .signing(purpose)
            } else if let purpose = SecretPurpose(rawValue: name) {
                self = .secret(purpose)
            } else {
                return nil
            }
        }

        /// The name, as it stands in the index and on the command line.
        package var name: String {
            switch self {
            case .signing(let purpose): purpose.rawValue
            case .secret(let purpose): purpose.rawValue
            }
        }

        /// Every purpose there is.
        package static var all: [Purpose] {
            SigningPurpose.allCases.map(Purpose.signing) + SecretPurpose.allCases.map(Purpose.secret)
        }
    }

    struct State: Sendable {
        var records: [KeyRecord] = []
        var signing: [String: SigningKey] = [:]
        var secrets: [String: NamedKey] = [:]
        /// Keys that left the ring, by their names: what was signed or authenticated with them can come back with an old
        /// database.
        var past: [KeyRecord] = []

        private static let mostPast = 2_000

        func requireNoNext(of purpose: SigningPurpose, at now: Int64) throws(KeyRingError) {
            guard let last = records.last(where: { $0.purpose == .signing(purpose) }), last.activeFrom > now else {
                return
            }
            throw KeyRingError("The last rotation is still under way: wait until its key is active.")
        }

        mutating func remove(_ gone: [KeyRecord]) {
            records.removeAll(where: gone.contains)
            past = (past + gone).suffix(Self.mostPast)
            for record in gone {
                signing[record.id] = nil
                secrets[record.id] = nil
            }
        }

        func active(_ purpose: KeyRecord.Purpose, at now: Int64) -> KeyRecord? {
            // Before all of them only a clock that went back can be: then the oldest serves.
            records.last { serves($0, purpose, at: now) && $0.activeFrom <= now }
                ?? records.first { serves($0, purpose, at: now) }
        }

        // What was retired when the ring was opened is not in memory, also if the clock goes back afterwards.
        private func serves(_ record: KeyRecord, _ purpose: KeyRecord.Purpose, at now: Int64) -> Bool {
            record.purpose == purpose && !record.isRetired(at: now)
                && (signing[record.id] != nil || secrets[record.id] != nil)
        }
    }

    let vault: KeyVault
    let state: Mutex<State>
    private let rotation = Mutex(())
    let isReplacing = Mutex(false)

    private init(_ vault: KeyVault, _ state: State) {
        self.vault = vault
        self.state = Mutex(state)
    }

    /// Opens a key directory; an empty one gets its first keys if that is allowed.
    package static func open(
        directory path: String, passphrase: Secret? = nil, now: Int64, createIfEmpty: Bool
    ) throws(KeyRingError) -> KeyRing {
        let directory = try KeyDirectory(path, create: createIfEmpty)
        let vault = try KeyVault(directory, passphrase)
        if try isEmpty(directory) {
            guard createIfEmpty else {
                throw KeyRingError(
                    "There are no keys in \(directory.path): restore them, or start the server to make them.")
            }
            return try create(vault, now)
        }
        try directory.requireShut()
        let state = try load(vault, now)
        // A folder that cannot be written, such as a mounted secret, is good enough for reading.
        if try directory.names().contains(marker) { try directory.remove([marker]) }
        return KeyRing(vault, state)
    }
}

// MARK: - Using keys

extension KeyRing {
    /// The key that signs now.
    package func signing(_ purpose: SigningPurpose, at now: Int64) -> SigningKey {
        let key = state.withLock { state in
            state.active(.signing(purpose), at: now).flatMap { state.signing[$0.id] }
        }
        guard let key else { fatalError("a key ring holds a signing key for each purpose") }
        return key
    }

    /// The key that authenticates or seals now.
    package func secret(_ purpose: SecretPurpose) -> NamedKey {
        let key = state.withLock { state in
            state.records.last { $0.purpose == .secret(purpose) && $0.endedAt == nil }
                .flatMap { state.secrets[$0.id] }
        }
        guard let key else { fatalError("a key ring holds a symmetric key for each purpose") }
        return key
    }

    /// The key of this purpose that a stored value names, if it is kept. A sealing key that was put out of use opens what is
    /// not sealed anew yet; every other one is as if it had never been.
    package func secret(_ purpose: SecretPurpose, id: String) -> NamedKey? {
        state.withLock { state in
            state.records.contains {
                $0.purpose == .secret(purpose) && $0.id == id && ($0.endedAt == nil || purpose == .sealing)
            } ? state.secrets[id] : nil
        }
    }

    /// All keys of this purpose that are kept, the active one first.
    package func secrets(_ purpose: SecretPurpose) -> [NamedKey] {
        state.withLock { state in
            state.records.reversed().filter { $0.purpose == .secret(purpose) && $0.endedAt == nil }
                .compactMap { state.secrets[$0.id] }
        }
    }

    /// The parsed keys that verify what this ring signed for one purpose and that is still valid.
    package func verification(_ purpose: SigningPurpose, at now: Int64) -> VerificationKeySet {
        state.withLock { state in
            let kept = state.records.filter { $0.purpose == .signing(purpose) && !$0.isRetired(at: now) }
            return VerificationKeySet(kept.compactMap { state.signing[$0.id]?.verification })
        }
    }

    /// Whether what this key signed for one purpose is still accepted.
    package func accepts(_ purpose: SigningPurpose, kid: String, at now: Int64) -> Bool {
        state.withLock { state in
            state.records.contains { $0.id == kid && $0.purpose == .signing(purpose) && !$0.isRetired(at: now) }
        }
    }

    /// The public keys that verifiers need now: all that are or will be in use, or whose signatures may still be valid.
    package func published(at now: Int64) -> JWKSet {
        state.withLock { state in
            JWKSet(state.records.filter { !$0.isRetired(at: now) }.compactMap { state.signing[$0.id]?.jwk })
        }
    }

    /// All keys, the oldest first.
    package func list(at now: Int64) -> [KeyDescription] {
        state.withLock { state in state.records.map { Self.describe($0, in: state, at: now) } }
    }

    private static func describe(_ record: KeyRecord, in state: State, at now: Int64) -> KeyDescription {
        let active = state.active(record.purpose, at: now)
        let standing: KeyDescription.State =
            if record.endedAt != nil {
                .ended
            } else if record.isRetired(at: now) {
                state.secrets[record.id] != nil ? .retiring : .retired
            } else if active == record {
                .active
            } else if record.activeFrom > now && record.retiresAt == nil {
                .next
            } else {
                .retiring
            }
        let kind: KeyDescription.Kind = if case .signing = record.purpose { .signing } else { .secret }
        return KeyDescription(
            id: record.id, purpose: record.purpose.name, kind: kind, state: standing, createdAt: record.createdAt,
            activeFrom: record.activeFrom, retiresAt: record.endedAt ?? record.retiresAt)
    }
}

// MARK: - Changing keys

extension KeyRing {
    /// For how many seconds a new signing key is published before it signs: verifiers may keep a key set for an hour, and
    /// fetch a quarter of an hour late.
    package static let publishedAhead: Int64 = 4500

    /// Refuses a rotation while the key of the last one is not active yet.
    package func requireNoNext(of purpose: SigningPurpose, at now: Int64) throws(KeyRingError) {
        try state.withLock { state throws(KeyRingError) in try state.requireNoNext(of: purpose, at: now) }
    }

    /// Makes the next signing key: published at once, active after a while, and some time after that the old ones retire.
    ///
    /// A key that leaked is replaced with `replace`, not with this.
    package func rotate(
        _ purpose: SigningPurpose, now: Int64, activeAfter: Int64 = publishedAhead, retireAfter: Int64 = 7200
    ) throws(KeyRingError) {
        guard activeAfter >= 0, retireAfter >= 0 else { throw KeyRingError("A rotation cannot lie in the past.") }
        let key = SigningKey.generate()
        let from = now + activeAfter
        let record = KeyRecord(id: key.kid, purpose: .signing(purpose), createdAt: now, activeFrom: from)
        try change { state throws(KeyRingError) in
            if activeAfter > 0 { try state.requireNoNext(of: purpose, at: now) }
            for index in state.records.indices where state.records[index].purpose == record.purpose {
                let ends = from + retireAfter
                state.records[index].retiresAt = min(state.records[index].retiresAt ?? ends, ends)
            }
            try self.vault.save(key, record)
            state.records.append(record)
            state.signing[key.kid] = key
            let retired = state.records.filter { $0.purpose == record.purpose && $0.isRetired(at: now) }
            // One that was put out of use stays listed until nothing depends on it.
            state.remove(retired.filter { $0.endedAt == nil })
            return retired
        }
    }

    /// Makes a new symmetric key, active at once; the older ones stay for what they were used for.
    package func rotate(_ purpose: SecretPurpose, now: Int64) throws(KeyRingError) {
        try change { state throws(KeyRingError) in
            try self.vault.make(.secret(purpose), now: now, in: &state)
            return []
        }
    }

    /// Changes a copy of the state, writes the index, and only then lets others see it; the disk is never waited for
    /// under the lock that signing takes. The files of the records that the change returns are removed last.
    func change(_ body: (inout State) throws(KeyRingError) -> [KeyRecord]) throws(KeyRingError) {
        try rotation.withLock { _ throws(KeyRingError) in
            var changed = state.withLock { $0 }
            let erased = try body(&changed)
            let index = KeyIndex(
                isEncrypted: vault.passphrase != nil, records: changed.records, past: changed.past)
            try vault.directory.write(KeyIndex.file, index.bytes)
            state.withLock { $0 = changed }
            try vault.directory.remove(erased.map(\.file))
        }
    }
}

// MARK: - Opening

extension KeyRing {
    private static let marker = ".creating"

    /// Whether there is nothing in it but the page that explains it, or what a first start left that was cut short.
    private static func isEmpty(_ directory: KeyDirectory) throws(KeyRingError) -> Bool {
        let names = try directory.names()
        guard !names.contains(KeyIndex.file) else { return false }
        // Until the index is there, nothing can have been made with the keys beside the marker.
        let known: Set = ["README.md", ".gitignore", ".gitkeep", "lost+found", marker, note]
        let others = names.subtracting(known).filter { !$0.hasSuffix(KeyDirectory.draft) }
        let keys = others.filter(isKey)
        guard keys.isEmpty || names.contains(marker) else {
            throw KeyRingError(
                "There are keys but no \(KeyIndex.file) in \(directory.path): restore it from the backup of the directory."
            )
        }
        guard others == keys else {
            throw KeyRingError("\(directory.path) holds other files: configure a directory that is for keys alone.")
        }
        return true
    }

    private static func isKey(_ name: String) -> Bool { name.hasSuffix(".pem") || name.hasSuffix(".key") }

    private static func create(_ vault: KeyVault, _ now: Int64) throws(KeyRingError) -> KeyRing {
        try vault.directory.shut()
        try vault.directory.write(marker, [])
        try vault.directory.remove(vault.directory.names().filter(isKey))
        var state = State()
        for purpose in Purpose.all { try vault.make(purpose, now: now, in: &state) }
        let index = KeyIndex(isEncrypted: vault.passphrase != nil, records: state.records)
        try vault.directory.write(KeyIndex.file, index.bytes)
        try vault.directory.remove([marker])
        return KeyRing(vault, state)
    }

    private static func load(_ vault: KeyVault, _ now: Int64) throws(KeyRingError) -> State {
        let path = vault.directory.path
        guard let index = KeyIndex(try vault.directory.read(KeyIndex.file, limit: KeyIndex.limit)) else {
            throw KeyRingError("\(path)/\(KeyIndex.file) is damaged or of a newer version: restore it from the backup.")
        }
        switch (index.isEncrypted, vault.passphrase) {
        case (true, nil): throw KeyRingError("The keys in \(path) are encrypted: give their passphrase.")
        case (false, .some): throw KeyRingError("The keys in \(path) are not encrypted: start without a passphrase.")
        case (true, .some), (false, nil): break
        }
        var state = State(records: index.records, past: index.past)
        for record in index.records {
            switch record.purpose {
            case .signing where record.isRetired(at: now): break
            case .secret where record.isErased: break
            case .signing: state.signing[record.id] = try vault.load(signing: record)
            case .secret: state.secrets[record.id] = try vault.load(secret: record)
            }
        }
        for purpose in Purpose.all where state.active(purpose, at: now) == nil {
            throw KeyRingError("\(path)/\(KeyIndex.file) names no key for \(purpose.name): restore it from the backup.")
        }
        return state
    }
}
