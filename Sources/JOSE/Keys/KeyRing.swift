import Synchronization

/// The keys of one Gatehouse, in one directory: several for each purpose, one of them active.
///
/// A new signing key is published before it signs, and an old one stays published until its last signature has expired, so that
/// a resource server with a cached key set can verify at any moment. Symmetric keys are never removed by rotation: a value that
/// one of them sealed may be read at any time.
///
/// Threads share a ring. A lock guards the state; the disk is never waited for while it is held.
package final class KeyRing: Sendable {
    /// A kind of signed token. Each has keys of its own, so that a token of one kind never verifies as another.
    package enum SigningPurpose: String, CaseIterable, Sendable {
        /// Access tokens.
        case tokens
        /// Security events.
        case events
        /// Assertions with which this server authenticates elsewhere. The first key is made when one is needed.
        case assertions
    }

    /// A kind of value that is authenticated or sealed.
    package enum SecretPurpose: String, CaseIterable, Sendable {
        /// Refresh tokens.
        case refresh
        /// Authorization codes.
        case code
        /// Hidden fields of forms.
        case form
        /// Values that the database holds sealed.
        case sealing
    }

    /// The purpose of a key.
    package enum Purpose: Hashable, Sendable {
        /// Signing.
        case signing(SigningPurpose)
        /// Authenticating or sealing.
        case secret(SecretPurpose)

        /// The purpose of this name; nil for an unknown one.
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

        /// Every purpose.
        package static var all: [Purpose] {
            SigningPurpose.allCases.map(Purpose.signing) + SecretPurpose.allCases.map(Purpose.secret)
        }

        /// The purposes of which every folder has a key. A folder from before another purpose existed lacks its key, and most
        /// servers never need one.
        static var everywhere: [Purpose] { all.filter { $0 != .signing(.assertions) } }
    }

    let vault: KeyVault
    let state: Mutex<KeyRingState>
    private let rotation = Mutex(())
    let isReplacing = Mutex(false)

    init(_ vault: KeyVault, _ state: KeyRingState) {
        self.vault = vault
        self.state = Mutex(state)
    }

    /// Opens a key directory. `now` is in seconds since 1970; with `createIfEmpty` an empty directory gets its first keys.
    package static func open(
        directory path: String, passphrase: Secret? = nil, now: Int64, createIfEmpty: Bool
    ) throws(KeyRingError) -> KeyRing {
        let directory = try KeyDirectory(path, create: createIfEmpty)
        var vault = try KeyVault(directory, passphrase)
        guard try vault.isEmpty() else {
            let state = try vault.open(now)
            return KeyRing(vault, state)
        }
        guard createIfEmpty else {
            throw KeyRingError(
                "No keys found in \(directory.path): restore them, or start the server to make them.")
        }
        return KeyRing(vault, try vault.create(now))
    }
}

// MARK: - Using keys

extension KeyRing {
    /// The active signing key of a purpose of which every folder has a key.
    package func signing(_ purpose: SigningPurpose, at now: Int64) -> SigningKey {
        guard let key = signingIfAny(purpose, at: now) else {
            fatalError("a key ring holds a signing key for each purpose")
        }
        return key
    }

    /// The active signing key of a purpose; nil if none was made yet.
    package func signingIfAny(_ purpose: SigningPurpose, at now: Int64) -> SigningKey? {
        state.withLock { state in
            state.active(.signing(purpose), at: now).flatMap { state.signing[$0.id] }
        }
    }

    /// The active symmetric key of a purpose.
    package func secret(_ purpose: SecretPurpose) -> NamedKey {
        let key = state.withLock { state in
            state.records.last { $0.purpose == .secret(purpose) && $0.endedAt == nil }
                .flatMap { state.secrets[$0.id] }
        }
        guard let key else { fatalError("a key ring holds a symmetric key for each purpose") }
        return key
    }

    /// The key that a stored value names; nil when the ring does not hold it. An ended sealing key still opens the values that
    /// are not resealed yet; any other ended key counts as unknown.
    package func secret(_ purpose: SecretPurpose, id: String) -> NamedKey? {
        state.withLock { state in
            state.records.contains {
                $0.purpose == .secret(purpose) && $0.id == id && ($0.endedAt == nil || purpose == .sealing)
            } ? state.secrets[id] : nil
        }
    }

    /// All usable keys of a purpose, the active one first.
    package func secrets(_ purpose: SecretPurpose) -> [NamedKey] {
        state.withLock { state in
            state.records.reversed().filter { $0.purpose == .secret(purpose) && $0.endedAt == nil }
                .compactMap { state.secrets[$0.id] }
        }
    }

    /// The public keys, parsed, that verify the unexpired signatures of one purpose.
    package func verification(_ purpose: SigningPurpose, at now: Int64) -> VerificationKeySet {
        state.withLock { state in
            let kept = state.records.filter { $0.purpose == .signing(purpose) && !$0.isRetired(at: now) }
            return VerificationKeySet(kept.compactMap { state.signing[$0.id]?.verification })
        }
    }

    /// Whether signatures of the key `kid` for this purpose are still accepted.
    package func accepts(_ purpose: SigningPurpose, kid: String, at now: Int64) -> Bool {
        state.withLock { state in
            state.records.contains { $0.id == kid && $0.purpose == .signing(purpose) && !$0.isRetired(at: now) }
        }
    }

    /// The public keys for the JWKS: every key that signs, will sign, or whose signatures may be unexpired.
    package func published(at now: Int64) -> JWKSet {
        state.withLock { state in
            JWKSet(state.records.filter { !$0.isRetired(at: now) }.compactMap { state.signing[$0.id]?.jwk })
        }
    }

    /// The public keys of one purpose, among those for the JWKS.
    package func published(_ purpose: SigningPurpose, at now: Int64) -> JWKSet {
        state.withLock { state in
            let kept = state.records.filter { $0.purpose == .signing(purpose) && !$0.isRetired(at: now) }
            return JWKSet(kept.compactMap { state.signing[$0.id]?.jwk })
        }
    }

    /// All keys, the oldest first.
    package func list(at now: Int64) -> [KeyDescription] {
        state.withLock { state in state.records.map { Self.describe($0, in: state, at: now) } }
    }

    private static func describe(_ record: KeyRecord, in state: KeyRingState, at now: Int64) -> KeyDescription {
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
    /// Seconds between the publication of a signing key and its first signature: verifiers may cache a key set for an hour, and
    /// 15 minutes are the margin.
    package static let publishedAhead: Int64 = 4500

    /// Throws while the key of the previous rotation is not active yet.
    package func requireNoNext(of purpose: SigningPurpose, at now: Int64) throws(KeyRingError) {
        try state.withLock { state throws(KeyRingError) in try state.requireNoNext(of: purpose, at: now) }
    }

    /// Makes the first key of a purpose, active at once, unless there is one.
    package func makeIfMissing(_ purpose: SigningPurpose, now: Int64) throws(KeyRingError) {
        try change { state throws(KeyRingError) in
            if state.active(.signing(purpose), at: now) == nil {
                try self.vault.make(.signing(purpose), now: now, in: &state)
            }
            return []
        }
    }

    /// Makes the next signing key: published at once, active after `activeAfter` seconds; the older keys retire `retireAfter`
    /// seconds later.
    ///
    /// A leaked key needs `replace` instead: this keeps its signatures valid for hours.
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
            // An ended key stays in the index until nothing depends on it.
            state.remove(retired.filter { $0.endedAt == nil })
            return retired
        }
    }

    /// Makes a symmetric key that is active at once; the older ones keep opening what they sealed.
    package func rotate(_ purpose: SecretPurpose, now: Int64) throws(KeyRingError) {
        try change { state throws(KeyRingError) in
            try self.vault.make(.secret(purpose), now: now, in: &state)
            return []
        }
    }

    /// Changes a copy of the state, writes the index, then publishes the copy: the lock that signing takes is never held while
    /// the disk is waited for. `body` returns the records whose files are removed last, after the index no longer needs them.
    func change(_ body: (inout KeyRingState) throws(KeyRingError) -> [KeyRecord]) throws(KeyRingError) {
        try rotation.withLock { _ throws(KeyRingError) in
            var changed = state.withLock { $0 }
            let erased = try body(&changed)
            try vault.directory.write(KeyIndex.file, vault.index(changed).bytes)
            state.withLock { $0 = changed }
            try vault.directory.remove(erased.map(vault.file))
        }
    }
}

/// Why the keys cannot be used: one sentence with the path and what to do, and without any part of a key.
package struct KeyRingError: Error, Hashable, CustomStringConvertible {
    /// The sentence.
    package let description: String

    init(_ description: String) { self.description = description }
}
