import JOSE
import OAuth

/// Verifies a copy that `audit tail --follow` or `--cursor` wrote: records alone, in the order of each chain, some of them twice.
package struct AuditCopy {
    private struct Chain {
        /// The place before the first record.
        let first: AuditChainLink
        var last: AuditChainLink
        /// The hashes of the latest records, which a follower that was killed may have printed twice.
        var latest: [Int64: Digest] = [:]
    }

    /// More than a follower prints before it stores its cursor.
    private static let mostRepeated: Int64 = 2_000

    private var chains: [AuditChainName: Chain] = [:]
    private var verdict = AuditVerdict()

    /// A verification of a copy from its first line.
    package init() {}

    /// Whether a first line begins a copy and not an export.
    package static func begins(with line: [UInt8]) -> Bool {
        if case .record? = AuditLine(parsing: line) { true } else { false }
    }

    /// Verifies the next line, without its line end.
    package mutating func add(_ bytes: [UInt8]) {
        switch AuditLine(parsing: bytes) {
        case .record(let record): add(record)
        case .unreadable(let chain, let sequence): addDefect(.altered, sequence, chain)
        // The line that a follower was killed in. What it held comes again, or is missed below.
        default: break
        }
    }

    /// The parts of the chains that the copy holds.
    package var spans: [AuditChainName: AuditFileLinks.Span] {
        chains.mapValues { chain in
            var span = AuditFileLinks.Span(after: chain.first.sequence, hash: chain.first.hash)
            span.last = chain.last.sequence
            span.hashes.merge(chain.latest) { first, _ in first }
            return span
        }
    }

    /// The verdict, after the last line.
    package func finish() -> AuditVerdict { verdict }

    private mutating func add(_ record: AuditRecord) {
        let (chain, sequence) = (record.chain, record.sequence)
        guard record.isIntact, record.isPersonalIntact else { return addDefect(.altered, sequence, chain) }
        guard var known = chains[chain] else {
            // A copy may begin anywhere.
            let first = AuditChainLink(sequence: sequence - 1, hash: record.previous)
            return accept(record, Chain(first: first, last: first))
        }
        if sequence <= known.last.sequence {
            guard let earlier = known.latest[sequence] else { return addDefect(.outOfOrder, sequence, chain) }
            if earlier != record.hash { addDefect(.replaced, sequence, chain) }
            return
        }
        if sequence > known.last.sequence + 1 {
            addDefect(.missing(through: sequence - 1), known.last.sequence + 1, chain)
        } else if record.previous != known.last.hash {
            addDefect(.outOfOrder, sequence, chain)
        }
        known.latest[sequence - Self.mostRepeated] = nil
        accept(record, known)
    }

    private mutating func accept(_ record: AuditRecord, _ chain: Chain) {
        var chain = chain
        chain.last = AuditChainLink(sequence: record.sequence, hash: record.hash)
        chain.latest[record.sequence] = record.hash
        chains[record.chain] = chain
        if record.chain == .main {
            verdict.records += 1
            verdict.repeated += record.entry.count - 1
            verdict.head = record.hash
        } else {
            verdict.reported += 1
        }
        if record.fields.contains(where: { $0.erasedBy != nil }) { verdict.erased += 1 }
    }

    private mutating func addDefect(_ kind: AuditDefect.Kind, _ sequence: Int64, _ chain: AuditChainName) {
        guard verdict.defects.count < 100 else { return }
        verdict.defects.append(AuditDefect(kind, sequence, in: chain))
    }
}
