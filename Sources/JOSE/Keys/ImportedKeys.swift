import Synchronization

/// Public keys that proved themselves before, by their JWKs: a client sends the same key with each proof, and importing it costs a
/// third of verifying a signature.
///
/// A JWK always imports to the same key, so no entry becomes outdated. The table is emptied when it is full, so that keys which
/// strangers make for the purpose cannot fill the memory; they cost an import each, and so does the next proof of any other key.
final class ImportedKeys: Sendable {
    private let capacity: Int
    private let keys = Mutex<[JWK: VerificationKey]>([:])

    init(capacity: Int = 1_000) { self.capacity = capacity }

    /// The number of keys in memory.
    var count: Int { keys.withLock { $0.count } }

    /// The key of a JWK, from memory if it is there.
    func key(_ jwk: JWK) throws(KeyError) -> VerificationKey {
        if let known = keys.withLock({ $0[jwk] }) { return known }
        return try VerificationKey(jwk)
    }

    /// Remembers a key whose signature was verified.
    func remember(_ key: VerificationKey) {
        keys.withLock { keys in
            guard keys[key.jwk] == nil else { return }
            if keys.count >= capacity { keys.removeAll(keepingCapacity: true) }
            keys[key.jwk] = key
        }
    }
}
