package import JOSE
package import OAuth
package import Storage

/// Signs checkpoints over the audit chains, with the keys of security events.
///
/// What it signs it has read before, from the last checkpoint on: else it would certify what somebody did to the file.
package struct AuditNotary: Sendable {
    /// After so many records a checkpoint is due.
    package static let records: Int64 = 1_000
    /// After so many seconds it is due for a single record.
    package static let seconds: Int64 = 3_600

    let store: Store
    let keys: KeyRing

    /// A notary for this database.
    package init(store: Store, keys: KeyRing) {
        self.store = store
        self.keys = keys
    }

    /// What is read from a chain before it is signed.
    private struct Reading: Sendable {
        let sequence: Int64
        let hash: Digest
        let last: AuditCheckpoint?
        let defect: AuditDefect?
    }

    /// Signs the chains whose last checkpoint is too far back; returns what was signed, and throws `AuditBroken` at a chain
    /// that is not as it was written.
    package func signDue(at now: Timestamp) async throws -> [AuditCheckpoint] {
        try await sign(at: now) { reading, kid in
            guard let last = reading.last else { return true }
            guard reading.sequence > last.sequence else { return false }
            return last.kid != kid || reading.sequence - last.sequence >= Self.records
                || now.seconds - last.at.seconds >= Self.seconds
        }
    }

    /// Signs every chain that went on since its last checkpoint.
    package func signAll(at now: Timestamp) async throws -> [AuditCheckpoint] {
        try await sign(at: now) { reading, _ in reading.last.map { $0.sequence < reading.sequence } ?? true }
    }

    private func sign(
        at now: Timestamp, isDue: (Reading, String) -> Bool
    ) async throws -> [AuditCheckpoint] {
        let key = keys.signing(.events, at: now.seconds)
        var due: [(chain: AuditChainName, reading: Reading)] = []
        for chain in try await store.read({ try $0.auditChains() }) {
            guard let reading = try await reading(of: chain, at: now), isDue(reading, key.kid) else { continue }
            due.append((chain, reading))
        }
        guard !due.isEmpty else { return [] }
        if let defect = due.lazy.compactMap(\.reading.defect).first { throw AuditBroken(defect: defect) }
        if try await introduce(key.kid, at: now), let main = try await reading(of: .main, at: now) {
            // What the main chain says of the key is signed before the key signs anything else.
            due.removeAll { $0.chain == .main }
            due.insert((.main, main), at: 0)
        }
        var signed: [AuditCheckpoint] = []
        for (chain, reading) in due { signed.append(try await sign(chain, reading, with: key, at: now)) }
        return signed
    }

    private func sign(
        _ chain: AuditChainName, _ reading: Reading, with key: SigningKey, at now: Timestamp
    ) async throws -> AuditCheckpoint {
        if let defect = reading.defect { throw AuditBroken(defect: defect) }
        let checkpoint = try AuditCheckpoint(
            chain, sequence: reading.sequence, hash: reading.hash, at: now, with: key)
        guard try await store.write({ try $0.insert(checkpoint) }) else {
            throw AuditBroken(defect: AuditDefect(.altered, reading.sequence, in: chain))
        }
        store.note(signed: checkpoint)
        return checkpoint
    }

    /// Leaves a record of the key's first use; false when there is one already.
    private func introduce(_ kid: String, at now: Timestamp) async throws -> Bool {
        try await store.write { transaction in
            guard try !transaction.hasSignedCheckpoint(kid) else { return false }
            try transaction.audit(.auditKeyUsed(kid, at: now))
            return true
        }
    }

    /// The end of a chain, read from its last checkpoint on; nil for a chain without records.
    private func reading(of chain: AuditChainName, at now: Timestamp) async throws -> Reading? {
        let trusted = keys.verification(.events, at: now.seconds)
        let known = store.signedCheckpoints.first { $0.chain == chain }
        return try await store.read { transaction in
            let stored = try transaction.lastCheckpoint(chain)
            let last = stored?.checkpoint
            if let known, (stored?.sequence ?? 0) < known.sequence {
                let defect = AuditDefect(.checkpointGone, known.sequence, in: chain)
                return Reading(sequence: known.sequence, hash: known.hash, last: last, defect: defect)
            }
            if let stored, last == nil {
                let defect = AuditDefect(.checkpoint, stored.sequence, in: chain)
                return Reading(sequence: stored.sequence, hash: .beginning, last: nil, defect: defect)
            }
            var inspection = AuditInspection(.segment, trusted: trusted)
            var end: (Int64, Digest)?
            try transaction.walkAudit(chain, from: last) { step in
                switch step {
                case .begin(let sequence, let hash):
                    if sequence > 0 { end = (sequence, hash) }
                    inspection.begin(chain, after: sequence, hash: hash)
                case .record(let sequence, let record):
                    inspection.take(record, at: sequence)
                    end = record.map { ($0.sequence, $0.hash) } ?? end
                case .checkpoint(let checkpoint): inspection.take(checkpoint)
                }
            }
            guard let end else { return nil }
            return Reading(sequence: end.0, hash: end.1, last: last, defect: inspection.finish().defect)
        }
    }
}

/// A chain is not as it was written, so nothing is signed over it.
package struct AuditBroken: Error, CustomStringConvertible {
    let defect: AuditDefect

    /// What is wrong, in one sentence.
    package var description: String { "the audit trail is broken: \(defect)" }
}
