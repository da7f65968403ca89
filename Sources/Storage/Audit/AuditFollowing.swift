package import JOSE

/// Reads the chains onward from where somebody stopped, for copies outside of the database.
package struct AuditFollowing: Noun {
    let transaction: Transaction
}

extension AuditFollowing {
    /// The place in a chain up to which somebody has read.
    package enum Place: Hashable, Sendable {
        /// Before the first record that is left.
        case beginning
        /// Before the last records, at most this many.
        case last(Int64)
        /// Behind the record of this number and hash.
        case behind(Int64, Digest)
    }

    /// What follows a place.
    package enum Next: Sendable {
        /// The next records, each with its number; nil for one that does not parse. `from` is the number before the first.
        case records([(Int64, AuditRecord?)], from: Int64)
        /// The records behind the place up to this number were exported and dropped.
        case dropped(through: Int64)
        /// The chain has no record of the place's number with the place's hash.
        case replaced
    }

    /// The next records of a chain behind a place.
    package func next(_ chain: AuditChainName, _ place: Place, limit: Int) throws -> Next {
        let audit = transaction.audit
        let base = try audit.base(chain)
        let start: Int64
        switch place {
        case .beginning: start = base?.sequence ?? 0
        case .last(let count): start = max(base?.sequence ?? 0, (try audit.head(chain)?.sequence ?? 0) - count)
        case .behind(let sequence, let hash):
            if let base, base.sequence > sequence { return .dropped(through: base.sequence) }
            guard try self.hash(chain, sequence) ?? base.flatMap({ $0.sequence == sequence ? $0.hash : nil }) == hash
            else { return .replaced }
            start = sequence
        }
        return .records(try audit.page(chain, after: start, limit: limit), from: start)
    }

    private func hash(_ chain: AuditChainName, _ sequence: Int64) throws -> Digest? {
        let table = AuditTable.of(chain)
        return try transaction.first(
            "SELECT hash FROM \(table.name) WHERE \(table.chain) = ?1 AND sequence = ?2", chain.description, sequence
        ) { try $0.digest(0) }
    }
}
