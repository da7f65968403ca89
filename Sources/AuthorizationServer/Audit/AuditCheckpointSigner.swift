package import JOSE
package import Logging
package import OAuth
package import Storage

/// Signs checkpoints over the audit chains, with the keys of security events.
///
/// What it signs it has read before, from the last checkpoint on: else it would certify what somebody did to the file.
package struct AuditCheckpointSigner: Sendable {
    /// After so many records a checkpoint is due.
    package static let records: Int64 = 1_000
    /// After so many seconds it is due for a single record.
    package static let seconds: Int64 = 3_600

    let store: Store
    let keys: KeyRing
    /// Where each checkpoint becomes a line; nil in a command, whose checkpoints the next server writes down.
    let log: Logger?

    /// A notary for this database.
    package init(store: Store, keys: KeyRing, log: Logger?) {
        self.store = store
        self.keys = keys
        self.log = log
    }

    /// What is read from a chain before it is signed.
    private struct Reading: Sendable {
        let sequence: Int64
        let hash: Digest
        let last: AuditCheckpoint?
        let defect: AuditDefect?

        var isNew: Bool { last.map { $0.sequence < sequence } ?? true }
    }

    /// Signs the chains whose last checkpoint is too far back; returns what was signed, and throws `BrokenAuditChain` at a chain
    /// that is not as it was written.
    package func signDue(at now: Timestamp) async throws -> [AuditCheckpoint] {
        let (signed, _) = try await sign(at: now) { chain, reading, kid in
            guard let last = reading.last else { return true }
            // A key that signed nothing yet vouches for nothing: the old one leaves the ring soon.
            if chain == .main, last.kid != kid { return true }
            guard reading.isNew else { return false }
            return last.kid != kid || reading.sequence - last.sequence >= Self.records
                || now.seconds - last.at.seconds >= Self.seconds
        }
        return signed
    }

    /// Signs every chain that went on since its last checkpoint.
    package func signAll(at now: Timestamp) async throws -> [AuditCheckpoint] {
        try await signEverything(at: now).signed
    }

    /// Signs every chain that went on, for somebody whose request is carried out whether it can be signed or not. Says in a
    /// sentence what could not be signed, or not be kept.
    package func signAllOrSay(at now: Timestamp) async -> String? {
        do {
            let unkept = try await signEverything(at: now).unkept
            return unkept.map { "The last audit checkpoint is signed and could not be kept beside the keys: \($0)" }
        } catch is CancellationError {
            // A start that failed takes back what had begun: there is nothing to tell of.
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

    /// What was signed, and why it is not kept beside the keys.
    private typealias Signed = (signed: [AuditCheckpoint], unkept: KeyRingError?)

    private func sign(
        at now: Timestamp, isDue: (AuditChainName, Reading, String) -> Bool
    ) async throws -> Signed {
        let key = keys.signing(.events, at: now.seconds)
        // An older folder that was put back must not have a leaked key vouch for anything.
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
            // What the main chain says of the key is signed before the key signs anything else.
            due.removeAll { $0.chain == .main }
            due.insert((.main, main), at: 0)
        }
        var signed: [AuditCheckpoint] = []
        for (chain, reading) in due where reading.isNew {
            signed.append(try await sign(chain, reading, with: key, at: now))
        }
        return (signed, signed.isEmpty ? nil : keep(signed))
    }

    private func sign(
        _ chain: AuditChainName, _ reading: Reading, with key: SigningKey, at now: Timestamp
    ) async throws -> AuditCheckpoint {
        if let defect = reading.defect { throw BrokenAuditChain(defect: defect) }
        let checkpoint = try AuditCheckpoint(
            chain, sequence: reading.sequence, hash: reading.hash, at: now, with: key)
        let isFirst = try await store.write { [keys] transaction in
            // A key that was put out of use meanwhile must not sign behind the record of its end.
            guard keys.accepts(.events, kid: key.kid, at: now.seconds) else { throw StoreError.busy }
            return try transaction.audit.checkpoints.insert(checkpoint)
        }
        guard isFirst else {
            throw BrokenAuditChain(defect: AuditDefect(.altered, reading.sequence, in: chain))
        }
        store.signedCheckpoints.remember(checkpoint)
        if let log { Self.tell(checkpoint, in: log) }
        return checkpoint
    }

    /// Keeps what was signed beside the keys as well: after the database, so that the keys never know of more than was there.
    /// Where that fails, the checkpoints are signed and hold all the same.
    private func keep(_ signed: [AuditCheckpoint]) -> KeyRingError? {
        do throws(KeyRingError) {
            try AuditCheckpointFile.save(store.signedCheckpoints.all, to: keys, untold: log == nil ? signed : [])
            return nil
        } catch {
            log?.warning("the last audit checkpoints are not kept beside the keys", metadata: ["error": "\(error)"])
            return error
        }
    }

    /// Writes a checkpoint into the log, which is the witness outside of this machine once it is sent elsewhere.
    private static func tell(_ checkpoint: AuditCheckpoint, in log: Logger) {
        log.notice(
            "audit checkpoint",
            metadata: [
                "chain": "\(checkpoint.chain)", "sequence": "\(checkpoint.sequence)",
                "hash": "\(checkpoint.hash.base64URL)", "kid": "\(checkpoint.kid)",
            ])
    }

    /// Writes into the log what commands signed while no server ran.
    package func tellUntold() throws {
        guard let log else { return }
        let untold = try AuditCheckpointFile.untold(in: keys)
        guard !untold.isEmpty else { return }
        for checkpoint in untold { Self.tell(checkpoint, in: log) }
        try AuditCheckpointFile.markTold(untold, in: keys)
    }

    /// Leaves a record of the key's first use; false when there is one already.
    private func introduce(_ kid: String, at now: Timestamp) async throws -> Bool {
        try await store.write { transaction in
            guard try !transaction.audit.checkpoints.hasAny(signedBy: kid) else { return false }
            try transaction.audit.append(.auditKeyUsed(kid, at: now))
            return true
        }
    }

    /// The end of a chain, read from the last checkpoint on that is known from outside of the database, or else from the
    /// last that stands there; nil for a chain without records.
    private func reading(of chain: AuditChainName, at now: Timestamp) async throws -> Reading? {
        let trusted = keys.verification(.events, at: now.seconds)
        let all = store.signedCheckpoints.all
        let known = all.first { $0.chain == chain }
        let isFirstMeeting = !all.contains { $0.chain == .main }
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
            // A checkpoint of which the keys know nothing counts by its key alone.
            if let last, known == nil, !isFirstMeeting, !trusted.contains(kid: last.kid) {
                return broken(.unknownKey, last.sequence)
            }
            let isHeldWhole = try known.map { try transaction.audit.begins(chain, atOrBefore: $0.sequence) } ?? false
            return try Self.walk(chain, from: isHeldWhole ? known : last, last: last, trusted, transaction)
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
                inspection.take(record, at: sequence)
                end = record.map { ($0.sequence, $0.hash) } ?? end
            case .checkpoint(let checkpoint): inspection.take(checkpoint)
            }
        }
        guard let end else { return nil }
        return Reading(sequence: end.0, hash: end.1, last: last, defect: inspection.finish().defect)
    }
}

/// A chain is not as it was written, so nothing is signed over it.
package struct BrokenAuditChain: Error, CustomStringConvertible {
    let defect: AuditDefect

    /// What is wrong, in one sentence.
    package var description: String { "the audit trail is broken: \(defect)" }
}
