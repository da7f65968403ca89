import JOSE
package import OAuth

/// The place where a chain ended when a key of checkpoints was put out of use. A checkpoint that the key signs behind it does
/// not count, and the record at the place can never be replaced.
struct CheckpointKeyEnd: Hashable {
    let kid: String
    let chain: AuditChainName
    let sequence: Int64
    let hash: Digest

    init(kid: String, chain: AuditChainName, sequence: Int64, hash: Digest) {
        self.kid = kid
        self.chain = chain
        self.sequence = sequence
        self.hash = hash
    }

    /// Reads the reason of a record; nil for other words.
    init?(_ reason: String?) {
        let words = reason?.split(separator: " ", omittingEmptySubsequences: false) ?? []
        guard words.count == 4, let chain = AuditChainName(String(words[1])), let sequence = Int64(words[2]),
            let hash = Base64URL.decode(String(words[3])).flatMap(Digest.init(bytes:))
        else { return nil }
        self.init(kid: String(words[0]), chain: chain, sequence: sequence, hash: hash)
    }

    /// The reason of the record. It is read back, so its words never change.
    var reason: String { "\(kid) \(chain) \(sequence) \(hash.base64URL)" }
}

/// The records of ended keys that an inspection has met in the main chain.
struct CheckpointKeyEnds {
    private var records: [(end: CheckpointKeyEnd, place: Int64)] = []

    /// Adds the entry of an ended key that stands at this place of the main chain.
    mutating func add(_ entry: AuditEntry, at place: Int64) {
        if let end = CheckpointKeyEnd(entry.reason) { records.append((end, place)) }
    }

    /// Whether a key had ended when it signed at this place. Only records up to `signed`, where the main chain is signed, are
    /// believed.
    func hasEnded(_ kid: String, in chain: AuditChainName, at sequence: Int64, signed: Int64) -> Bool {
        let ends = records.filter { $0.end.kid == kid && $0.place <= signed }.map(\.end)
        guard !ends.isEmpty else { return false }
        // A chain without such a record began after the key ended.
        return sequence > ends.filter { $0.chain == chain }.map(\.sequence).min() ?? 0
    }

    /// The hashes that records of a chain must have, by their numbers.
    func places(in chain: AuditChainName, signed: Int64) -> [Int64: Digest] {
        records.reduce(into: [:]) { places, record in
            if record.end.chain == chain, record.place <= signed { places[record.end.sequence] = record.end.hash }
        }
    }
}

extension KeyEnds {
    /// Appends, for each of these keys of checkpoints, a record of the place where each chain ends now.
    package func append(checkpointKeys kids: [String], at now: Timestamp) throws {
        let audit = transaction.audit
        let heads = try audit.chains().compactMap { chain in try audit.head(chain).map { (chain, $0) } }
        for kid in kids {
            for (chain, head) in heads {
                let end = CheckpointKeyEnd(kid: kid, chain: chain, sequence: head.sequence, hash: head.hash)
                try audit.append(
                    AuditEntry(.auditKeyEnded, at: now, actor: .system, reason: end.reason, initiator: .system))
            }
        }
    }

    /// Repeats the records of ended keys whose checkpoints remain, because shortening may drop the earlier records.
    func repeatRecords(ofSigners kids: [String], at now: Timestamp) throws {
        let reasons = try all(
            "SELECT DISTINCT reason FROM audit WHERE action = ?1 AND reason IS NOT NULL",
            AuditAction.auditKeyEnded.rawValue
        ) { try $0.text(0) }
        for reason in reasons.sorted() where CheckpointKeyEnd(reason).map({ kids.contains($0.kid) }) ?? false {
            try transaction.audit.append(
                AuditEntry(.auditKeyEnded, at: now, actor: .system, reason: reason, initiator: .system))
        }
    }
}
