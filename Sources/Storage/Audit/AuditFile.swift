package import OAuth

/// Verifies an exported audit trail line by line, by the same rules as the database.
package struct AuditFile {
    /// Why a file cannot be verified.
    package enum Fault: Error, Hashable {
        /// The first line is not the header of an export.
        case notAnExport
        /// The line of this number, from 1, does not parse.
        case unreadableLine(Int64)
        /// The last line of the export is missing.
        case cutOff
    }

    private var inspection = AuditInspection(trusted: nil)
    private var chain: AuditChainName?
    /// The chains that have begun, with the number of the record before the first.
    private var begun: [AuditChainName: Int64] = [:]
    private var lastCheckpoint: Int64 = 0
    /// The parts of the chains that the file holds.
    package private(set) var spans: [AuditChainName: AuditFileLinks.Span] = [:]
    private var lines: Int64 = 0
    private var hasEnded = false
    private let latest: Timestamp?
    private var lastRecord: AuditRecord?
    private var marks: [AuditChainName: AuditPruneMark] = [:]
    /// Whether the export is filtered, so that missing records are no defect.
    package private(set) var isSelection = false

    /// A verification of a file from its first line; `lastMarks` lists checkpoints up to `latest`.
    package init(checkpointsUntil latest: Timestamp? = nil) {
        self.latest = latest
    }

    /// Verifies the next line, without its line end.
    package mutating func add(_ bytes: [UInt8]) throws(Fault) {
        lines += 1
        guard !hasEnded, let line = AuditLine(parsing: bytes) else {
            throw lines == 1 ? .notAnExport : .unreadableLine(lines)
        }
        if case .header(_, let isSelection) = line, lines == 1 {
            self.isSelection = isSelection
            inspection = AuditInspection(isSelection ? .selection : .whole, trusted: nil)
            return
        }
        guard lines > 1 else { throw .notAnExport }
        switch line {
        case .header: throw .unreadableLine(lines)
        case .chain(let chain, let after, let hash):
            closeSpan()
            guard begun.updateValue(after, forKey: chain) == nil else { throw .unreadableLine(lines) }
            self.chain = chain
            lastCheckpoint = 0
            spans[chain] = AuditFileLinks.Span(after: after, hash: hash)
            inspection.begin(chain, after: after, hash: hash)
        case .record(let record) where record.chain == chain:
            lastRecord = record
            inspection.add(record, at: record.sequence)
        case .unreadable(chain, let sequence): inspection.add(nil, at: sequence)
        case .checkpoint(let stored) where stored.chain == chain && stored.sequence > lastCheckpoint:
            lastCheckpoint = stored.sequence
            add(stored)
        case .record, .unreadable, .checkpoint: throw .unreadableLine(lines)
        case .end(let count):
            guard count == lines else { throw .cutOff }
            closeSpan()
            hasEnded = true
        }
    }

    /// The verdict, after the last line.
    package mutating func finish() throws(Fault) -> AuditVerdict {
        guard hasEnded else { throw lines == 0 ? .notAnExport : .cutOff }
        return inspection.finish()
    }

    /// The last checkpoint of each chain up to `latest`.
    package var lastMarks: [AuditPruneMark] {
        marks.values.sorted { $0.chain < $1.chain }
    }

    /// The number of records that these checkpoints cover.
    package var covered: Int64 { marks.reduce(0) { $0 + $1.value.sequence - (begun[$1.key] ?? 0) } }

    /// Completes the span of the present chain with its last record.
    private mutating func closeSpan() {
        guard let record = lastRecord else { return }
        spans[record.chain]?.last = record.sequence
        spans[record.chain]?.hashes[record.sequence] = record.hash
        lastRecord = nil
    }

    private mutating func add(_ stored: StoredCheckpoint) {
        inspection.add(stored)
        if let checkpoint = stored.checkpoint {
            spans[checkpoint.chain]?.hashes[checkpoint.sequence] = checkpoint.hash
        }
        guard let latest, let checkpoint = stored.checkpoint, checkpoint.at <= latest else { return }
        marks[checkpoint.chain] = AuditPruneMark(checkpoint)
    }
}
