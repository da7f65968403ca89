package import JOSE
import OAuth

/// The audit trail: the main chain of what Gatehouse witnessed, and a chain for each MCP server's own reports.
package struct AuditTrail: Noun {
    let transaction: Transaction

    /// Signed checkpoints over the chains.
    package var checkpoints: AuditCheckpoints { AuditCheckpoints(transaction: transaction) }
    /// The records of keys that were put out of use.
    package var keyEnds: KeyEnds { KeyEnds(transaction: transaction) }
    /// The chains of what MCP servers report.
    package var reports: AuditReports { AuditReports(transaction: transaction) }
    /// What shortens the chains and erases personal fields.
    package var retention: AuditRetention { AuditRetention(transaction: transaction) }
    /// The counts of what sessions repeat too often for a record each.
    package var tallies: AuditTallies { AuditTallies(transaction: transaction) }
}

extension AuditTrail {
    /// Appends an entry to the main chain under the trace id of this transaction's request, and returns its record.
    @discardableResult
    package func append(_ entry: AuditEntry) throws -> AuditRecord { try appendUntraced(traced(entry)) }

    /// Appends an entry to the main chain under the trace id that it has, or under none.
    @discardableResult
    func appendUntraced(_ entry: AuditEntry) throws -> AuditRecord {
        guard let chain = writerMemory?.auditChain else {
            throw StoreError.constraint("a reader cannot write to the audit trail")
        }
        let last = try chain.last ?? head(.main)
        let record = AuditRecord(
            entry, sequence: (last?.sequence ?? 0) + 1, previous: last?.hash ?? .beginning)
        try insert(record)
        chain.last = AuditChainLink(sequence: record.sequence, hash: record.hash)
        return record
    }

    /// The entry under the trace id of the request that this transaction serves, unless it has one, with the reason that an
    /// administrator stated for the request.
    func traced(_ entry: AuditEntry) -> AuditEntry {
        var entry = entry.stating(transaction.statedReason)
        entry.trace = entry.trace ?? trace
        return entry
    }

    /// The last link of a chain: its last record, or the place where it was shortened if no record follows. Nil for an empty
    /// chain.
    func head(_ chain: AuditChainName) throws -> AuditChainLink? {
        let table = AuditTable.of(chain)
        let last = try first(
            "SELECT sequence, hash FROM \(table.name) WHERE \(table.chain) = ?1 ORDER BY sequence DESC LIMIT 1",
            chain.description
        ) { AuditChainLink(sequence: try $0.integer(0), hash: try $0.digest(1)) }
        return try last ?? base(chain)
    }

    /// The link that the oldest remaining record of a shortened chain follows; nil for a chain that was never shortened.
    func base(_ chain: AuditChainName) throws -> AuditChainLink? {
        try first("SELECT sequence, hash FROM audit_bases WHERE chain = ?1", chain.description) {
            AuditChainLink(sequence: try $0.integer(0), hash: try $0.digest(1))
        }
    }

    /// Writes a record with its personal fields, in the order of `AuditTable.columns`.
    func insert(_ record: AuditRecord) throws {
        let entry = record.entry
        let columns = AuditColumns(entry)
        var values: [Value] = [
            record.sequence, entry.at.seconds, columns.actor, entry.action.rawValue, entry.user?.string,
            entry.client?.string, entry.resource?.string, entry.session?.string, entry.outcome.rawValue, entry.reason,
            entry.initiator.rawValue, columns.evidence, columns.reportedBy, entry.correlation, columns.adminUID,
            record.previous.stored, record.hash.stored, record.format.rawValue, entry.trace?.string,
            record.seal?.stored,
        ]
        if case .reported(let resource) = record.chain { values.append(resource.string) }
        try execute(AuditTable.of(record.chain).insertion, values)
        for field in record.fields { try insert(field, of: record) }
    }

    private func insert(_ field: PersonalField, of record: AuditRecord) throws {
        guard case .kept(let text, let salt) = field.content else { return }
        try execute(
            "INSERT INTO audit_personal (chain, sequence, field, digest, salt, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            record.chain.description, record.sequence, field.name.rawValue, field.digest.stored, salt.stored, text)
    }
}

extension Digest {
    /// The hash that the first record of a chain names as the one before it: 32 zero bytes.
    package static let beginning: Digest = {
        guard let zeros = Digest(bytes: [UInt8](repeating: 0, count: 32)) else {
            preconditionFailure("a digest has 32 bytes")
        }
        return zeros
    }()
}

/// The table of a chain and the column that tells its rows from those of other chains.
struct AuditTable {
    let name: String
    /// The column with the name of the chain, or a constant: the main chain has a table of its own.
    let chain: String
    /// The statement that adds a record.
    let insertion: String

    static let columns = """
        sequence, at, actor, action, user_id, client_id, resource_id, session_id, outcome, reason, initiator, evidence,
        reported_by, correlation, admin_uid, previous, hash, format, trace, personal
        """

    /// The columns to read. Records of the first format hold the claimed name in the chain's own table.
    static let selection = columns + ", admin_claimed"

    private static let places = (1...20).map { "?\($0)" }.joined(separator: ", ")
    private static let main = AuditTable(
        name: "audit", chain: "'main'", insertion: "INSERT INTO audit (\(columns)) VALUES (\(places))")
    private static let reported = AuditTable(
        name: "audit_reported", chain: "chain",
        insertion: "INSERT INTO audit_reported (\(columns), chain) VALUES (\(places), ?21)")

    static func of(_ chain: AuditChainName) -> AuditTable { chain == .main ? main : reported }
}
