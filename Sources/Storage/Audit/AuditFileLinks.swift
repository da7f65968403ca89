package import JOSE

/// Whether exported files continue each other: each one has to begin at or before the end of those before it, and to have the same
/// records where both have them.
package struct AuditFileLinks {
    /// The part of a chain that one file holds.
    package struct Span: Hashable, Sendable {
        /// The number of the record before the first.
        package var after: Int64
        /// The number of the last record.
        package var last: Int64
        /// The hashes that are compared: before the first record, at the checkpoints, and of the last record.
        package var hashes: [Int64: Digest]

        /// The beginning of a chain behind a record.
        init(after sequence: Int64, hash: Digest) {
            after = sequence
            last = sequence
            hashes = [sequence: hash]
        }
    }

    /// What separates a file from those before it.
    package enum Gap: Hashable, Sendable {
        /// These records of a chain are in neither.
        case missing(AuditChainName, ClosedRange<Int64>)
        /// Both have this record of a chain, and it is not the same.
        case different(AuditChainName, Int64)
        /// They have no signed record of a chain in common, so that nothing shows that one continues the other.
        case unlinked(AuditChainName, Int64)
    }

    private var covered: [AuditChainName: Span] = [:]

    /// No file yet.
    package init() {}

    /// Adds the next file by its spans, and returns what separates it from the files before it.
    package mutating func add(_ spans: [AuditChainName: Span]) -> [Gap] {
        var gaps: [Gap] = []
        for (chain, span) in spans.sorted(by: { $0.key.description < $1.key.description }) {
            guard var known = covered[chain] else {
                covered[chain] = span
                continue
            }
            if let gap = Self.gap(in: chain, between: known, and: span) { gaps.append(gap) }
            known.last = max(known.last, span.last)
            known.hashes.merge(span.hashes) { first, _ in first }
            covered[chain] = known
        }
        return gaps
    }

    private static func gap(in chain: AuditChainName, between known: Span, and next: Span) -> Gap? {
        guard next.after <= known.last else { return .missing(chain, known.last + 1...next.after) }
        let common = next.hashes.keys.filter { known.hashes[$0] != nil }.sorted()
        if let place = common.first(where: { next.hashes[$0] != known.hashes[$0] }) { return .different(chain, place) }
        // A chain that begins at its first record in both files is linked by that.
        return common.isEmpty ? .unlinked(chain, next.after) : nil
    }
}
