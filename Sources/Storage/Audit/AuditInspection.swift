package import JOSE
import OAuth

/// Verifies audit chains, from a database or a file, and collects their defects.
///
/// For each chain, the main one first: `begin`, then `add` for its records and checkpoints in the order of their numbers.
/// `finish` follows the last chain.
package struct AuditInspection {
    private static let mostDefects = 100

    /// The part of the chains that is verified.
    package enum Extent: Hashable, Sendable {
        /// All chains from their beginnings.
        case whole
        /// A part of one chain, from a checkpoint on.
        case segment
        /// Filtered records, each verified alone.
        case selection
    }

    private let extent: Extent
    private let trusted: VerificationKeySet?
    private var verdict = AuditVerdict()
    private var chain = AuditChainName.main
    private var last: Int64 = 0
    /// The number of the record before the segment.
    private var segmentStart: Int64?
    /// The hash that the next record must name; nil if it is unknown.
    private var expected: Digest?
    /// The hash of the last record, if the record is intact.
    private var lastHash: Digest?
    /// The keys that the main chain names, with the number of the first record of each.
    private var introduced: [String: Int64] = [:]
    private var ends = CheckpointKeyEnds()
    /// The hashes that records of the current chain must have, known from checkpoints and ended keys.
    private var known: [Int64: Digest] = [:]
    private var demanded: [AuditCheckpoint] = []
    private var signers: [(kid: String, chain: AuditChainName, sequence: Int64)] = []
    /// The erasures that the main chain records: the user, nil for names that admins claimed, and the number of fields.
    private var erasures: [Int64: (user: UserID?, fields: Int)] = [:]
    private var tombstones: [AuditRecord] = []
    /// The beginnings of shortened chains, and the reasons of the records that they were dropped.
    private var bases: [(chain: AuditChainName, sequence: Int64)] = []
    private var drops: Set<String> = []
    /// When the checkpoint was signed behind which a shortened main chain begins.
    private var droppedAt: Timestamp?

    /// An inspection that trusts these keys; with nil it trusts the keys that the main chain names.
    package init(_ extent: Extent = .whole, trusted: VerificationKeySet?) {
        self.extent = extent
        self.trusted = trusted
    }

    /// Begins a chain behind the record of this number and hash.
    package mutating func begin(_ chain: AuditChainName, after sequence: Int64 = 0, hash: Digest = .beginning) {
        self.chain = chain
        last = sequence
        segmentStart = sequence
        expected = hash
        lastHash = sequence > 0 ? hash : nil
        known = chain == .main ? [:] : ends.places(in: chain, signed: signedMain)
        for checkpoint in demanded where checkpoint.chain == chain { known[checkpoint.sequence] = checkpoint.hash }
        if let hash = lastHash, let other = known[sequence], other != hash { addDefect(.replaced, sequence) }
        if sequence > 0 { bases.append((chain, sequence)) }
        if chain == .main {
            verdict.dropped = sequence
            verdict.head = lastHash
        }
    }

    /// Verifies the next record; nil for one that does not parse.
    package mutating func add(_ record: AuditRecord?, at sequence: Int64) {
        if extent == .selection {
            expected = nil
        } else if sequence > last + 1 {
            addDefect(.missing(through: sequence - 1), last + 1)
            expected = nil
        }
        last = sequence
        lastHash = nil
        if chain == .main { verdict.records += 1 } else { verdict.reported += 1 }
        guard let record else {
            expected = nil
            return addDefect(.altered, sequence)
        }
        defer { expected = record.hash }
        guard expected == nil || record.previous == expected else { return addDefect(.outOfOrder, sequence) }
        guard record.isIntact else { return addDefect(.altered, sequence) }
        if let other = known[sequence], other != record.hash { return addDefect(.replaced, sequence) }
        lastHash = record.hash
        check(record)
    }

    private mutating func check(_ record: AuditRecord) {
        if !record.isPersonalIntact { addDefect(.personal, record.sequence) }
        if record.fields.contains(where: { $0.erasedBy != nil }) {
            tombstones.append(record)
            verdict.erased += 1
        }
        guard chain == .main else { return }
        verdict.head = record.hash
        verdict.repeated += record.entry.count - 1
        switch record.entry.action {
        case .auditKeyUsed:
            if let kid = record.entry.reason, introduced[kid] == nil { introduced[kid] = record.sequence }
        case .auditKeyEnded: ends.add(record.entry, at: record.sequence)
        case .auditDropped: if let place = record.entry.reason { drops.insert(place) }
        case .auditErased:
            erasures[record.sequence] = (record.entry.user, AuditEntry.erasedFields(record.entry.reason))
        default: break
        }
    }

    /// Verifies a checkpoint, which follows its record.
    package mutating func add(_ stored: StoredCheckpoint) {
        guard let checkpoint = stored.checkpoint else { return addDefect(.checkpoint, stored.sequence) }
        signers.append((checkpoint.kid, chain, checkpoint.sequence))
        if checkpoint.sequence == last {
            if let lastHash, lastHash != checkpoint.hash { addDefect(.checkpoint, checkpoint.sequence) }
        } else if checkpoint.sequence > last {
            addDefect(.missing(through: checkpoint.sequence), last + 1)
            (last, expected, lastHash) = (checkpoint.sequence, checkpoint.hash, nil)
        } else {
            // Its record has passed, so the two cannot be compared.
            addDefect(.checkpoint, checkpoint.sequence)
        }
        if chain == .main {
            verdict.checkpointed = checkpoint.sequence
            if checkpoint.sequence == verdict.dropped { droppedAt = checkpoint.at }
        }
    }

    /// Demands a checkpoint that this server knows of, and its record. Call it before the first chain.
    package mutating func expect(_ known: AuditCheckpoint) { demanded.append(known) }

    /// The number of the last signed record of the main chain.
    private var signedMain: Int64 { signers.last { $0.chain == .main }?.sequence ?? 0 }

    /// The verdict, after the last chain.
    package mutating func finish() -> AuditVerdict {
        verdict.keys = Set(signers.map(\.kid)).sorted()
        if extent == .segment { checkNewKeys() }
        guard extent == .whole else { return verdict }
        for known in demanded
        where !signers.contains(where: { $0.chain == known.chain && $0.sequence >= known.sequence }) {
            addDefect(.checkpointGone, known.sequence, known.chain)
        }
        checkKeys()
        for base in bases where !isDropRecorded(base) { addDefect(.cutOff, base.sequence, base.chain) }
        for record in tombstones where !isErasureRecorded(record) {
            addDefect(.personal, record.sequence, record.chain)
        }
        checkErasures()
        return verdict
    }

    /// A recorded erasure must not hide fields that were deleted besides it.
    private mutating func checkErasures() {
        var gone: [Int64: Int] = [:]
        for place in tombstones.flatMap(\.fields).compactMap(\.erasedBy) { gone[place, default: 0] += 1 }
        for (place, count) in gone.sorted(by: { $0.key < $1.key }) {
            if let erased = erasures[place], count > erased.fields { addDefect(.erasedBeyond, place, .main) }
        }
    }

    /// The ring must have the key of the main chain's newest checkpoint. The records below that checkpoint vouch for older keys.
    private mutating func checkKeys() {
        guard let newest = signers.last(where: { $0.chain == .main }) else {
            if let place = introduced.values.min() { addDefect(.noCheckpoint, place, .main) }
            // The record that names a key is signed before the key signs anything else.
            for signer in signers { addDefect(.unknownKey, signer.sequence, signer.chain) }
            return
        }
        if let trusted, !trusted.contains(kid: newest.kid) { addDefect(.unknownKey, newest.sequence, .main) }
        for signer in signers
        where ends.hasEnded(signer.kid, in: signer.chain, at: signer.sequence, signed: newest.sequence) {
            addDefect(.endedKey, signer.sequence, signer.chain)
        }
        for signer in signers where trusted?.contains(kid: signer.kid) != true {
            guard let place = introduced[signer.kid], place <= newest.sequence else {
                addDefect(.unknownKey, signer.sequence, signer.chain)
                continue
            }
        }
    }

    /// This server signed every checkpoint of the segment, so the ring must have their keys.
    private mutating func checkNewKeys() {
        guard let trusted, let start = segmentStart else { return }
        for signer in signers where signer.sequence > start && !trusted.contains(kid: signer.kid) {
            addDefect(.unknownKey, signer.sequence, signer.chain)
        }
    }

    /// Whether a checkpoint and a record of the main chain explain that a chain begins late.
    private func isDropRecorded(_ base: (chain: AuditChainName, sequence: Int64)) -> Bool {
        drops.contains(AuditEntry.dropped(base.chain, upTo: base.sequence))
            && signers.contains { $0.chain == base.chain && $0.sequence == base.sequence }
    }

    /// Whether records explain every erased field of a record.
    private func isErasureRecorded(_ record: AuditRecord) -> Bool {
        record.fields.allSatisfy { field in
            guard let place = field.erasedBy else { return true }
            // The main chain may have been shortened behind the record of an erasure in a chain of reports.
            if record.chain != .main, place <= verdict.dropped {
                return droppedAt.map { record.entry.at <= $0 } ?? false
            }
            guard record.chain != .main || place > record.sequence, let erased = erasures[place] else { return false }
            guard let user = erased.user else { return field.name == .claimed }
            return field.name != .claimed && (record.entry.user == user || record.entry.actor == .person(user))
        }
    }

    private mutating func addDefect(_ kind: AuditDefect.Kind, _ sequence: Int64, _ place: AuditChainName? = nil) {
        let defect = AuditDefect(kind, sequence, in: place ?? chain)
        guard verdict.defects.count < Self.mostDefects, !verdict.defects.contains(defect) else { return }
        verdict.defects.append(defect)
    }
}

extension AuditTrail {
    /// Verifies all chains from their beginnings, and demands the checkpoints `signed`.
    package func verify(
        trusted: VerificationKeySet? = nil, signed: [AuditCheckpoint] = []
    ) throws -> AuditVerdict {
        var inspection = AuditInspection(trusted: trusted)
        for checkpoint in signed { inspection.expect(checkpoint) }
        for chain in try chains() {
            try walk(chain, from: nil) { step in
                switch step {
                case .begin(let sequence, let hash): inspection.begin(chain, after: sequence, hash: hash)
                case .record(let sequence, let record): inspection.add(record, at: sequence)
                case .checkpoint(let checkpoint): inspection.add(checkpoint)
                }
            }
        }
        var verdict = inspection.finish()
        verdict.waiting = try tallies.count()
        return verdict
    }

    /// One item along a chain.
    package enum AuditStep: Sendable {
        /// The number and hash of the record before the first: 0 and zeros, or the place where the chain was shortened.
        case begin(Int64, Digest)
        /// A record by its number; nil if it does not parse.
        case record(Int64, AuditRecord?)
        /// A checkpoint, behind its record.
        case checkpoint(StoredCheckpoint)
    }

    /// Visits everything along a chain in order, from its beginning or from a checkpoint on.
    package func walk(
        _ chain: AuditChainName, from start: AuditCheckpoint?, _ visit: (AuditStep) throws -> Void
    ) throws {
        let base = try start.map { AuditChainLink(sequence: $0.sequence, hash: $0.hash) } ?? base(chain)
        var last = base?.sequence ?? 0
        try visit(.begin(last, base?.hash ?? .beginning))
        var pending = try checkpoints.list(of: chain, from: last)[...]
        func visitCheckpoints(upTo sequence: Int64) throws {
            while let next = pending.first, next.sequence <= sequence {
                try visit(.checkpoint(pending.removeFirst()))
            }
        }
        while true {
            try visitCheckpoints(upTo: last)
            let page = try page(chain, after: last)
            guard !page.isEmpty else { break }
            for (sequence, record) in page {
                try visitCheckpoints(upTo: sequence - 1)
                try visit(.record(sequence, record))
                last = sequence
            }
        }
        try visitCheckpoints(upTo: .max)
    }
}
