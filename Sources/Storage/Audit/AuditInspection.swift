package import JOSE
import OAuth

/// Walks along audit chains, wherever they come from, and notes everything that is not as it was written.
///
/// Per chain: `begin`, then its checkpoints and records in the order of their numbers, then `end`; the main chain first.
package struct AuditInspection {
    private static let mostDefects = 100

    /// What is walked along.
    package enum Extent: Hashable, Sendable {
        /// All chains from where they begin.
        case whole
        /// A part of one chain from behind a checkpoint.
        case segment
        /// Records with others between them: each is looked at alone.
        case selection
    }

    private let extent: Extent
    private let trusted: VerificationKeySet?
    private var verdict = AuditVerdict()
    private var chain = AuditChainName.main
    private var last: Int64 = 0
    /// Where the part begins that is walked along.
    private var segmentStart: Int64?
    /// The hash that the next record has to name; nil where that cannot be said.
    private var expected: Digest?
    /// What the chain says of its last record, as far as it can be believed.
    private var lastHash: Digest?
    /// The keys that the main chain names, and where.
    private var introduced: [String: Int64] = [:]
    private var ends = CheckpointKeyEnds()
    /// Records of the chain at hand that are known by their hashes, from elsewhere.
    private var known: [Int64: Digest] = [:]
    private var awaited: [AuditCheckpoint] = []
    private var signers: [(kid: String, chain: AuditChainName, sequence: Int64)] = []
    /// What the main chain says was erased: whose, nil for what admins claimed, and how many fields.
    private var erasures: [Int64: (user: UserID?, fields: Int)] = [:]
    private var tombstones: [AuditRecord] = []
    /// Where chains begin that are not whole, and what the main chain says was dropped.
    private var bases: [(chain: AuditChainName, sequence: Int64)] = []
    private var drops: Set<String> = []
    /// When the checkpoint was signed behind which the main chain begins.
    private var droppedAt: Timestamp?

    /// An inspection that trusts these keys; without any it trusts those that the main chain names.
    package init(_ extent: Extent = .whole, trusted: VerificationKeySet?) {
        self.extent = extent
        self.trusted = trusted
    }

    /// Starts a chain, which may begin behind what was dropped.
    package mutating func begin(_ chain: AuditChainName, after sequence: Int64 = 0, hash: Digest = .beginning) {
        self.chain = chain
        last = sequence
        segmentStart = sequence
        expected = hash
        lastHash = sequence > 0 ? hash : nil
        known = chain == .main ? [:] : ends.places(in: chain, signed: signedMain)
        for checkpoint in awaited where checkpoint.chain == chain { known[checkpoint.sequence] = checkpoint.hash }
        if let hash = lastHash, let other = known[sequence], other != hash { note(.replaced, sequence) }
        if sequence > 0 { bases.append((chain, sequence)) }
        if chain == .main {
            verdict.dropped = sequence
            verdict.head = lastHash
        }
    }

    /// Looks at the next record; one that could not even be read comes as nothing behind its number.
    package mutating func take(_ record: AuditRecord?, at sequence: Int64) {
        if extent == .selection {
            expected = nil
        } else if sequence > last + 1 {
            note(.missing(through: sequence - 1), last + 1)
            expected = nil
        }
        last = sequence
        lastHash = nil
        if chain == .main { verdict.records += 1 } else { verdict.reported += 1 }
        guard let record else {
            expected = nil
            return note(.altered, sequence)
        }
        defer { expected = record.hash }
        guard expected == nil || record.previous == expected else { return note(.outOfOrder, sequence) }
        guard record.isIntact else { return note(.altered, sequence) }
        if let other = known[sequence], other != record.hash { return note(.replaced, sequence) }
        lastHash = record.hash
        check(record)
    }

    private mutating func check(_ record: AuditRecord) {
        if !record.isPersonalIntact { note(.personal, record.sequence) }
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

    /// Looks at a checkpoint, right behind the record that it is about.
    package mutating func take(_ stored: StoredCheckpoint) {
        guard let checkpoint = stored.checkpoint else { return note(.checkpoint, stored.sequence) }
        signers.append((checkpoint.kid, chain, checkpoint.sequence))
        if checkpoint.sequence == last {
            if let lastHash, lastHash != checkpoint.hash { note(.checkpoint, checkpoint.sequence) }
        } else if checkpoint.sequence > last {
            note(.missing(through: checkpoint.sequence), last + 1)
            (last, expected, lastHash) = (checkpoint.sequence, checkpoint.hash, nil)
        } else {
            // Behind a later record it could not be compared with its own.
            note(.checkpoint, checkpoint.sequence)
        }
        if chain == .main {
            verdict.checkpointed = checkpoint.sequence
            if checkpoint.sequence == verdict.dropped { droppedAt = checkpoint.at }
        }
    }

    /// Has a checkpoint looked for that Gatehouse knows it signed, and its record compared; before the first chain.
    package mutating func expect(_ known: AuditCheckpoint) { awaited.append(known) }

    /// How far the main chain is signed.
    private var signedMain: Int64 { signers.last { $0.chain == .main }?.sequence ?? 0 }

    /// What was found, after the last chain.
    package mutating func finish() -> AuditVerdict {
        verdict.keys = Set(signers.map(\.kid)).sorted()
        if extent == .segment { checkNewKeys() }
        guard extent == .whole else { return verdict }
        for known in awaited
        where !signers.contains(where: { $0.chain == known.chain && $0.sequence >= known.sequence }) {
            note(.checkpointGone, known.sequence, known.chain)
        }
        checkKeys()
        for base in bases where !isDroppedByRight(base) { note(.cutOff, base.sequence, base.chain) }
        for record in tombstones where !isErasedByRight(record) { note(.personal, record.sequence, record.chain) }
        checkErasures()
        return verdict
    }

    /// A true erasure must not serve to hide what was taken since, nor what was not meant.
    private mutating func checkErasures() {
        var gone: [Int64: Int] = [:]
        for place in tombstones.flatMap(\.fields).compactMap(\.erasedBy) { gone[place, default: 0] += 1 }
        for (place, count) in gone.sorted(by: { $0.key < $1.key }) {
            if let erased = erasures[place], count > erased.fields { note(.erasedBeyond, place, .main) }
        }
    }

    /// The newest checkpoint of the main chain has to bear a key of the ring. What it holds vouches for older keys.
    private mutating func checkKeys() {
        guard let newest = signers.last(where: { $0.chain == .main }) else {
            if let place = introduced.values.min() { note(.noCheckpoint, place, .main) }
            // What the main chain says of a key is signed before the key signs anything else.
            for signer in signers { note(.unknownKey, signer.sequence, signer.chain) }
            return
        }
        if let trusted, !trusted.contains(kid: newest.kid) { note(.unknownKey, newest.sequence, .main) }
        for signer in signers
        where ends.hasEnded(signer.kid, in: signer.chain, at: signer.sequence, signed: newest.sequence) {
            note(.endedKey, signer.sequence, signer.chain)
        }
        for signer in signers where trusted?.contains(kid: signer.kid) != true {
            guard let place = introduced[signer.kid], place <= newest.sequence else {
                note(.unknownKey, signer.sequence, signer.chain)
                continue
            }
        }
    }

    /// What was signed behind the checkpoint that the segment begins with was signed by this server, with a key of the ring.
    private mutating func checkNewKeys() {
        guard let trusted, let start = segmentStart else { return }
        for signer in signers where signer.sequence > start && !trusted.contains(kid: signer.kid) {
            note(.unknownKey, signer.sequence, signer.chain)
        }
    }

    /// A chain may begin late only behind a checkpoint, and by a record of the main chain.
    private func isDroppedByRight(_ base: (chain: AuditChainName, sequence: Int64)) -> Bool {
        drops.contains(AuditEntry.dropped(base.chain, upTo: base.sequence))
            && signers.contains { $0.chain == base.chain && $0.sequence == base.sequence }
    }

    /// Whether for everything that was erased of a record there is the record that says so.
    private func isErasedByRight(_ record: AuditRecord) -> Bool {
        record.fields.allSatisfy { field in
            guard let place = field.erasedBy else { return true }
            // The record of an erasure in an MCP server's chain may have been dropped from the main one since.
            if record.chain != .main, place <= verdict.dropped {
                return droppedAt.map { record.entry.at <= $0 } ?? false
            }
            guard record.chain != .main || place > record.sequence, let erased = erasures[place] else { return false }
            guard let user = erased.user else { return field.name == .claimed }
            return field.name != .claimed && (record.entry.user == user || record.entry.actor == .person(user))
        }
    }

    private mutating func note(_ kind: AuditDefect.Kind, _ sequence: Int64, _ place: AuditChainName? = nil) {
        let defect = AuditDefect(kind, sequence, in: place ?? chain)
        guard verdict.defects.count < Self.mostDefects, !verdict.defects.contains(defect) else { return }
        verdict.defects.append(defect)
    }
}

extension AuditTrail {
    /// Walks along all chains from where they begin; `signed` are checkpoints that have to be there.
    package func verify(
        trusted: VerificationKeySet? = nil, signed: [AuditCheckpoint] = []
    ) throws -> AuditVerdict {
        var inspection = AuditInspection(trusted: trusted)
        for checkpoint in signed { inspection.expect(checkpoint) }
        for chain in try chains() {
            try walk(chain, from: nil) { step in
                switch step {
                case .begin(let sequence, let hash): inspection.begin(chain, after: sequence, hash: hash)
                case .record(let sequence, let record): inspection.take(record, at: sequence)
                case .checkpoint(let checkpoint): inspection.take(checkpoint)
                }
            }
        }
        var verdict = inspection.finish()
        verdict.waiting = try tallies.count()
        return verdict
    }

    /// What lies along a chain.
    package enum AuditStep: Sendable {
        /// The record before the first one: the number 0 and zeros, or where the chain goes on behind what was dropped.
        case begin(Int64, Digest)
        /// A record, or nothing where one was altered so that it cannot be read.
        case record(Int64, AuditRecord?)
        /// A checkpoint, right behind its record.
        case checkpoint(StoredCheckpoint)
    }

    /// Shows everything along a chain in its order, from its beginning or from behind a checkpoint.
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
