package import JOSE

/// What is wrong with a chain, at the record that is not as it was written.
package struct AuditDefect: Hashable, Sendable {
    /// What is wrong there.
    package enum Kind: Hashable, Sendable {
        /// The record does not say what it said.
        case altered
        /// It is gone, up to and with this number, though later ones or a checkpoint are there.
        case missing(through: Int64)
        /// It did not follow the one that stands before it: reordered, or put in its place.
        case outOfOrder
        /// What stands beside the chain is not what the chain covers, or is gone without a record of its erasure.
        case personal
        /// The checkpoint is not signed, or not about this record.
        case checkpoint
        /// The checkpoint is signed by a key that nothing vouches for.
        case unknownKey
        /// The checkpoint is signed by a key that was out of use before its record was written.
        case endedKey
        /// The record is not the one that was there when a signed checkpoint, or the record of a key's end, spoke of it.
        case replaced
        /// The record names a key, and no checkpoint that it signed is left.
        case noCheckpoint
        /// This server itself signed a checkpoint here, and it is gone.
        case checkpointGone
        /// More is gone than this record of an erasure says.
        case erasedBeyond
        /// The chain begins behind this record, and no record says that it was dropped.
        case cutOff
    }

    package let chain: AuditChainName
    package let sequence: Int64
    package let kind: Kind

    /// A defect at a record of the main chain unless another is named.
    package init(_ kind: Kind, _ sequence: Int64, in chain: AuditChainName = .main) {
        self.kind = kind
        self.sequence = sequence
        self.chain = chain
    }
}

extension AuditDefect: CustomStringConvertible {
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

/// What a walk along the chains found.
package struct AuditVerdict: Hashable, Sendable {
    /// How many records of the main chain were read.
    package var records: Int64 = 0
    /// How many records of MCP servers' own chains were read.
    package var reported: Int64 = 0
    /// The number of the last record that was exported and dropped; 0 when the chain is whole.
    package var dropped: Int64 = 0
    /// The hash of the last record. Only a checkpoint, or who keeps it elsewhere, can tell later that the end was cut off.
    package var head: Digest?
    /// The last record of the main chain that a checkpoint holds.
    package var checkpointed: Int64?
    /// The thumbprints of the keys that signed checkpoints.
    package var keys: [String] = []
    /// How many records had personal fields that were erased.
    package var erased: Int64 = 0
    /// How many further deeds the records of the main chain stand for that close tallies.
    package var repeated: Int64 = 0
    /// How many deeds are counted beside the chain and are to be chained within a minute.
    package var waiting: Int64 = 0
    /// What is wrong, the first hundred of it.
    package var defects: [AuditDefect] = []

    /// The first thing that is wrong.
    package var defect: AuditDefect? { defects.first }
}
