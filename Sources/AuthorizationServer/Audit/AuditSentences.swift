package import Storage

// The sentences for operators about findings in the audit trail. Storage itself has none: it names
// each by a case and its values. They begin in lower case and have no full stop, because they stand behind a colon.

extension AuditDefect: CustomStringConvertible {
    /// The defect as a part of a sentence.
    package var description: String {
        let place = chain == .main ? "" : " of the reports of \(chain)"
        let record = "record \(sequence)\(place)"
        switch kind {
        case .altered: return "\(record) was altered"
        case .missing(let last) where last > sequence: return "records \(sequence) to \(last)\(place) are missing"
        case .missing: return "\(record) is missing"
        case .outOfOrder: return "\(record) does not follow the record before it"
        case .personal: return "the personal fields of \(record) were altered or removed without a record of it"
        case .checkpoint: return "the checkpoint at \(record) is not signed for it"
        case .unknownKey: return "the checkpoint at \(record) is signed by a key that nothing vouches for"
        case .endedKey: return "the checkpoint at \(record) is signed by a key that was out of use by then"
        case .replaced: return "\(record) is not the one that Gatehouse signed"
        case .noCheckpoint: return "every checkpoint is gone, though \(record) names the key of one"
        case .checkpointGone: return "the checkpoint that this server signed at \(record) is gone"
        case .erasedBeyond: return "more personal fields are gone than \(record) says were erased"
        case .cutOff: return "everything up to \(record) is gone, and no record says that it was dropped"
        }
    }
}

extension AuditFileLinks.Gap: CustomStringConvertible {
    /// The gap as a clause about two files.
    package var description: String {
        func place(_ chain: AuditChainName) -> String { chain == .main ? "" : " of the reports of \(chain)" }
        switch self {
        case .missing(let chain, let range) where range.count == 1:
            return "record \(range.lowerBound)\(place(chain)) is in neither"
        case .missing(let chain, let range):
            return "records \(range.lowerBound) to \(range.upperBound)\(place(chain)) are in neither"
        case .different(let chain, let sequence):
            return "record \(sequence)\(place(chain)) is not the same in both"
        case .unlinked(let chain, let sequence):
            return "they have no signed record\(place(chain)) in common, though both have record \(sequence)"
        }
    }
}

extension AuditFile.Fault: CustomStringConvertible {
    /// The fault as the predicate of a sentence whose subject is the file.
    package var description: String {
        switch self {
        case .notAnExport: "is no export of 'gatehouse audit export'"
        case .unreadableLine(let line): "does not parse at line \(line); it is damaged, or of a newer version"
        case .cutOff: "is cut off: its last line is missing"
        }
    }
}
