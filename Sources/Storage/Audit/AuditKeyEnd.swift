import JOSE
package import OAuth

/// What the main chain says of a key that was put out of use: where one chain ended then. What the key signed further on counts
/// for nothing, and the record at that place can never become another one.
struct AuditKeyEnd: Hashable {
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

    /// Reads it as a record says it.
    init?(_ reason: String?) {
        let words = reason?.split(separator: " ", omittingEmptySubsequences: false) ?? []
        guard words.count == 4, let chain = AuditChainName(String(words[1])), let sequence = Int64(words[2]),
            let hash = Base64URL.decode(String(words[3])).flatMap(Digest.init(bytes:))
        else { return nil }
        self.init(kid: String(words[0]), chain: chain, sequence: sequence, hash: hash)
    }

    /// How a record says it.
    var reason: String { "\(kid) \(chain) \(sequence) \(hash.base64URL)" }
}

/// All that the main chain says of keys that were put out of use.
struct AuditKeyEnds {
    private var said: [(end: AuditKeyEnd, place: Int64)] = []

    /// Takes note of a record of the main chain.
    mutating func take(_ entry: AuditEntry, at place: Int64) {
        if let end = AuditKeyEnd(entry.reason) { said.append((end, place)) }
    }

    /// Whether a key was out of use when it signed at this place; `signed` is how far the main chain is signed, and so believed.
    func isOver(_ kid: String, in chain: AuditChainName, at sequence: Int64, signed: Int64) -> Bool {
        let ends = said.filter { $0.end.kid == kid && $0.place <= signed }.map(\.end)
        guard !ends.isEmpty else { return false }
        // A chain of which nothing is said began afterwards.
        return sequence > ends.filter { $0.chain == chain }.map(\.sequence).min() ?? 0
    }

    /// The records of a chain that are known by their hashes.
    func places(in chain: AuditChainName, signed: Int64) -> [Int64: Digest] {
        said.reduce(into: [:]) { places, said in
            if said.end.chain == chain, said.place <= signed { places[said.end.sequence] = said.end.hash }
        }
    }
}

extension AuditTrail {
    /// Leaves a record for each chain of where it ended when these keys were put out of use.
    package func append(endOfKeys kids: [String], at now: Timestamp) throws {
        let heads = try chains().compactMap { chain in try head(chain).map { (chain, $0) } }
        for kid in kids {
            for (chain, head) in heads {
                let end = AuditKeyEnd(kid: kid, chain: chain, sequence: head.sequence, hash: head.hash)
                try append(
                    AuditEntry(.auditKeyEnded, at: now, actor: .system, reason: end.reason, initiator: .system))
            }
        }
    }

    /// Says again what was said of the ends of keys whose checkpoints remain: the records that said it may be among those that go.
    func nameEndedKeys(_ kids: [String], at now: Timestamp) throws {
        let said = try all(
            "SELECT DISTINCT reason FROM audit WHERE action = ?1 AND reason IS NOT NULL",
            AuditAction.auditKeyEnded.rawValue
        ) { try $0.text(0) }
        for reason in said.sorted() where AuditKeyEnd(reason).map({ kids.contains($0.kid) }) ?? false {
            try append(AuditEntry(.auditKeyEnded, at: now, actor: .system, reason: reason, initiator: .system))
        }
    }
}
