package import JOSE

/// One thing that is wrong with an audit chain, and the record where it is wrong.
package struct AuditDefect: Hashable, Sendable {
    /// What is wrong at the record.
    package enum Kind: Hashable, Sendable {
        /// The content of the record does not have the hash of the record.
        case altered
        /// The records from this one through that number are missing, although later records or a checkpoint exist.
        case missing(through: Int64)
        /// The record does not name the hash of the record before it: one of them was replaced or moved.
        case outOfOrder
        /// The personal fields do not have the digests in the chain, or are missing without a record of their erasure.
        case personal
        /// The signature of the checkpoint is wrong, or the checkpoint is about another record.
        case checkpoint
        /// Neither the key ring nor the signed part of the main chain names the key of the checkpoint.
        case unknownKey
        /// The key of the checkpoint had ended before the record was written.
        case endedKey
        /// The record is not the one that a signed checkpoint or the record of an ended key names.
        case replaced
        /// The record names a key of checkpoints, and the main chain has no checkpoint at all.
        case noCheckpoint
        /// This server signed a checkpoint here, and neither it nor a later one is left.
        case checkpointGone
        /// More personal fields are erased than this record of the erasure states.
        case erasedBeyond
        /// The chain begins behind this record, and no record states that the earlier ones were dropped.
        case cutOff
    }

    package let chain: AuditChainName
    /// The number of the record.
    package let sequence: Int64
    package let kind: Kind

    /// A defect at a record of the main chain unless another is named.
    package init(_ kind: Kind, _ sequence: Int64, in chain: AuditChainName = .main) {
        self.kind = kind
        self.sequence = sequence
        self.chain = chain
    }
}

/// The result of verifying the audit chains.
package struct AuditVerdict: Hashable, Sendable {
    /// The number of records in the main chain.
    package var records: Int64 = 0
    /// The number of records in the chains of MCP servers' reports.
    package var reported: Int64 = 0
    /// The number of the last record that was exported and dropped; 0 for a complete chain.
    package var dropped: Int64 = 0
    /// The hash of the last record. Only a checkpoint, or a copy of this hash elsewhere, reveals later that the end was cut off.
    package var head: Digest?
    /// The number of the last record of the main chain that a checkpoint covers.
    package var checkpointed: Int64?
    /// The thumbprints of the keys that signed checkpoints.
    package var keys: [String] = []
    /// The number of records with erased personal fields.
    package var erased: Int64 = 0
    /// The number of deeds, beyond one each, that the records of closed tallies stand for.
    package var repeated: Int64 = 0
    /// The number of deeds in open tallies, which get a record within a minute.
    package var waiting: Int64 = 0
    /// The first hundred defects.
    package var defects: [AuditDefect] = []

    /// The first defect.
    package var defect: AuditDefect? { defects.first }
}
