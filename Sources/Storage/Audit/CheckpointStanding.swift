package import JOSE

/// How a chain relates to a checkpoint that is known from outside the database.
package enum CheckpointStanding: Hashable, Sendable {
    /// The chain has its record, or was shortened behind a later checkpoint of this server.
    case held
    /// The chain ends before it, with this record; 0 and nil for an empty chain.
    case gone(sequence: Int64, hash: Digest?)
    /// The chain has another record in its place, and ends with this record.
    case replaced(sequence: Int64, hash: Digest)
}

extension AuditCheckpoints {
    /// Compares a checkpoint that is known from outside the database with its chain. If its record was dropped, a trusted key
    /// must have signed the checkpoint that the chain now begins with.
    package func standing(
        of known: AuditCheckpoint, trusted: VerificationKeySet
    ) throws -> CheckpointStanding {
        let audit = transaction.audit
        guard let head = try audit.head(known.chain) else { return .gone(sequence: 0, hash: nil) }
        if let base = try audit.base(known.chain), base.sequence >= known.sequence {
            if base.sequence == known.sequence {
                return base.hash == known.hash ? .held : .replaced(sequence: head.sequence, hash: head.hash)
            }
            let kid = try list(of: known.chain, from: base.sequence).first?.checkpoint?.kid
            return kid.map(trusted.contains(kid:)) ?? false
                ? .held : .replaced(sequence: head.sequence, hash: head.hash)
        }
        let table = AuditTable.of(known.chain)
        let hash = try first(
            "SELECT hash FROM \(table.name) WHERE \(table.chain) = ?1 AND sequence = ?2", known.chain.description,
            known.sequence
        ) { try $0.digest(0) }
        switch hash {
        case known.hash: return .held
        case nil where head.sequence < known.sequence: return .gone(sequence: head.sequence, hash: head.hash)
        default: return .replaced(sequence: head.sequence, hash: head.hash)
        }
    }
}

extension AuditTrail {
    /// Whether the record of this number was not dropped, nor any later one.
    package func begins(_ chain: AuditChainName, atOrBefore sequence: Int64) throws -> Bool {
        try (base(chain)?.sequence ?? 0) <= sequence
    }
}
