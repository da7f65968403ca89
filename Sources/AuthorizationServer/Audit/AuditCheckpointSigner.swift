package import JOSE
package import Logging
package import OAuth
package import Storage

/// Signs checkpoints over the audit chains, with the keys of security events.
///
/// Before it signs a chain it verifies the chain from the last checkpoint on: a signature over unread records would certify
/// what an attacker did to the file.
package struct AuditCheckpointSigner: Sendable {
    /// The number of new records after which a checkpoint is due.
    package static let records: Int64 = 1_000
    /// The seconds after which a checkpoint is due for a single new record.
    package static let seconds: Int64 = 3_600

    let store: Store
    let keys: KeyRing
    /// The log of signed checkpoints; nil in a command, whose checkpoints the next server logs.
    let log: Logger?

    /// A signer for this database.
    package init(store: Store, keys: KeyRing, log: Logger?) {
        self.store = store
        self.keys = keys
        self.log = log
    }

    /// The verified end of a chain, and its last checkpoint.
    private struct Reading: Sendable {
        let sequence: Int64
        let hash: Digest
        let last: AuditCheckpoint?
        let defect: AuditDefect?

        var isNew: Bool { last.map { $0.sequence < sequence } ?? true }
    }

    /// Signs the chains whose checkpoint is due, and returns the new checkpoints. Throws `BrokenAuditChain` for a chain with a
    /// defect.
    package func signDue(at now: Timestamp) async throws -> [AuditCheckpoint] {
        let (signed, _) = try await sign(at: now) { chain, reading, kid in
            guard let last = reading.last else { return true }
            // A new key signs at once, because the old one leaves the ring soon.
            if chain == .main, last.kid != kid { return true }
            guard reading.isNew else { return false }
            return last.kid != kid || reading.sequence - last.sequence >= Self.records
                || now.seconds - last.at.seconds >= Self.seconds
        }
        return signed
    }

    /// Signs every chain with records behind its last checkpoint.
    package func signAll(at now: Timestamp) async throws -> [AuditCheckpoint] {
        try await signEverything(at: now).signed
    }

    /// Signs every chain for a request that succeeds whether or not the chains can be signed. Returns a warning sentence if
    /// they could not be signed, or the checkpoints not be stored beside the keys.
    package func signAllOrWarning(at now: Timestamp) async -> String? {
        do {
            let failure = try await signEverything(at: now).storeFailure
            return failure.map { "The last audit checkpoint is signed and could not be kept beside the keys: \($0)" }
        } catch is CancellationError {
            // A failed start cancels its own work, which needs no warning.
            return nil
        } catch {
            log?.error("no audit checkpoint was signed", metadata: ["error": "\(error)"])
            let cause = "\(error)"
            return "No audit checkpoint was signed: \(cause)\(cause.hasSuffix(".") ? "" : ".")"
        }
    }

    private func signEverything(at now: Timestamp) async throws -> Signed {
        try await sign(at: now) { _, reading, _ in reading.isNew }
    }

    /// The new checkpoints, and why they are not stored beside the keys.
    private typealias Signed = (signed: [AuditCheckpoint], storeFailure: KeyRingError?)

    private func sign(
        at now: Timestamp, isDue: (AuditChainName, Reading, String) -> Bool
    ) async throws -> Signed {
        let key = keys.signing(.events, at: now.seconds)
        // A restored keys folder may bring an ended key back, which may have leaked, so it must not sign.
        if let revived = try await ReinstatedKey.find(in: store, keys: keys, at: now).first(where: { $0.id == key.kid })
        {
            throw revived
        }
        try await AuditCheckpointFile.recall(from: keys, into: store)
        var due: [(chain: AuditChainName, reading: Reading)] = []
        for chain in try await store.read({ try $0.audit.chains() }) {
            guard let reading = try await reading(of: chain, at: now),
                reading.defect != nil || isDue(chain, reading, key.kid)
            else { continue }
            due.append((chain, reading))
        }
        guard !due.isEmpty else { return ([], nil) }
        if let defect = due.lazy.compactMap(\.reading.defect).first { throw BrokenAuditChain(defect: defect) }
        if try await introduce(key.kid, at: now), let main = try await reading(of: .main, at: now) {
            // The record that names the key is signed before the key signs anything else.
            due.removeAll { $0.chain == .main }
            due.insert((.main, main), at: 0)
        }
        var signed: [AuditCheckpoint] = []
        for (chain, reading) in due where reading.isNew {
            signed.append(try await sign(chain, reading, with: key, at: now))
        }
        return (signed, signed.isEmpty ? nil : storeBesideKeys(signed))
    }

    private func sign(
        _ chain: AuditChainName, _ reading: Reading, with key: SigningKey, at now: Timestamp
    ) async throws -> AuditCheckpoint {
        if let defect = reading.defect { throw BrokenAuditChain(defect: defect) }
        let checkpoint = try AuditCheckpoint(
            chain, sequence: reading.sequence, hash: reading.hash, at: now, with: key)
        let isFirst = try await store.write { [keys] transaction in
            // A key that ended meanwhile must not sign behind the record of its end.
            guard keys.accepts(.events, kid: key.kid, at: now.seconds) else { throw StoreError.busy }
            return try transaction.audit.checkpoints.insert(checkpoint)
        }
        guard isFirst else {
            throw BrokenAuditChain(defect: AuditDefect(.altered, reading.sequence, in: chain))
        }
        store.signedCheckpoints.remember(checkpoint)
        if let log { Self.write(checkpoint, to: log) }
        return checkpoint
    }

    /// Stores new checkpoints beside the keys, after the database, so that the file never names a checkpoint that the database
    /// lacks. If that fails, the checkpoints are valid all the same.
    private func storeBesideKeys(_ signed: [AuditCheckpoint]) -> KeyRingError? {
        do throws(KeyRingError) {
            try AuditCheckpointFile.save(store.signedCheckpoints.all, to: keys, unlogged: log == nil ? signed : [])
            return nil
        } catch {
            log?.warning("the last audit checkpoints are not kept beside the keys", metadata: ["error": "\(error)"])
            return error
        }
    }

    /// Logs a checkpoint. A log on another machine is a witness that an attacker on this one cannot change.
    private static func write(_ checkpoint: AuditCheckpoint, to log: Logger) {
        log.notice(
            "audit checkpoint",
            metadata: [
                "chain": "\(checkpoint.chain)", "sequence": "\(checkpoint.sequence)",
                "hash": "\(checkpoint.hash.base64URL)", "kid": "\(checkpoint.kid)",
            ])
    }

    /// Logs the checkpoints that commands signed while no server ran.
    package func logEarlierCheckpoints() throws {
        guard let log else { return }
        let unlogged = try AuditCheckpointFile.unlogged(in: keys)
        guard !unlogged.isEmpty else { return }
        for checkpoint in unlogged { Self.write(checkpoint, to: log) }
        try AuditCheckpointFile.markLogged(unlogged, in: keys)
    }

    /// Appends a record of the first use of a key; false if the key has signed before.
    private func introduce(_ kid: String, at now: Timestamp) async throws -> Bool {
        try await store.write { transaction in
            guard try !transaction.audit.checkpoints.hasAny(signedBy: kid) else { return false }
            try transaction.audit.append(.auditKeyUsed(kid, at: now))
            return true
        }
    }

    /// The end of a chain, verified from the last checkpoint that is known from outside the database, or else from the last
    /// stored one; nil for a chain without records.
    private func reading(of chain: AuditChainName, at now: Timestamp) async throws -> Reading? {
        let trusted = keys.verification(.events, at: now.seconds)
        let all = store.signedCheckpoints.all
        let known = all.first { $0.chain == chain }
        let isFirstUse = !all.contains { $0.chain == .main }
        return try await store.read { transaction in
            let stored = try transaction.audit.checkpoints.last(of: chain)
            let last = stored?.checkpoint
            func broken(_ kind: AuditDefect.Kind, _ sequence: Int64, _ hash: Digest = .beginning) -> Reading {
                Reading(
                    sequence: sequence, hash: hash, last: last, defect: AuditDefect(kind, sequence, in: chain))
            }
            if let known {
                if (stored?.sequence ?? 0) < known.sequence {
                    return broken(.checkpointGone, known.sequence, known.hash)
                }
                guard try transaction.audit.checkpoints.standing(of: known, trusted: trusted) == .held else {
                    return broken(.replaced, known.sequence, known.hash)
                }
            }
            if let stored, last == nil { return broken(.checkpoint, stored.sequence) }
            // The file beside the keys does not know this checkpoint, so it counts only if its key is trusted.
            if let last, known == nil, !isFirstUse, !trusted.contains(kid: last.kid) {
                return broken(.unknownKey, last.sequence)
            }
            let isComplete = try known.map { try transaction.audit.begins(chain, atOrBefore: $0.sequence) } ?? false
            return try Self.walk(chain, from: isComplete ? known : last, last: last, trusted, transaction)
        }
    }

    private static func walk(
        _ chain: AuditChainName, from start: AuditCheckpoint?, last: AuditCheckpoint?, _ trusted: VerificationKeySet,
        _ transaction: Transaction
    ) throws -> Reading? {
        var inspection = AuditInspection(.segment, trusted: trusted)
        var end: (Int64, Digest)?
        try transaction.audit.walk(chain, from: start) { step in
            switch step {
            case .begin(let sequence, let hash):
                if sequence > 0 { end = (sequence, hash) }
                inspection.begin(chain, after: sequence, hash: hash)
            case .record(let sequence, let record):
                inspection.add(record, at: sequence)
                end = record.map { ($0.sequence, $0.hash) } ?? end
            case .checkpoint(let checkpoint): inspection.add(checkpoint)
            }
        }
        guard let end else { return nil }
        return Reading(sequence: end.0, hash: end.1, last: last, defect: inspection.finish().defect)
    }
}

/// An audit chain has a defect, so no checkpoint is signed over it.
package struct BrokenAuditChain: Error, CustomStringConvertible {
    let defect: AuditDefect

    /// The defect as a part of a sentence.
    package var description: String { "the audit trail is broken: \(defect)" }
}
