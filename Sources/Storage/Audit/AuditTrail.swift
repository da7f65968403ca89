package import JOSE
import OAuth

/// The audit trail: its records, tallies, checkpoints and chains.
package struct AuditTrail: Noun {
    let transaction: Transaction
}

extension AuditTrail {
    /// Puts an entry at the end of the chain, in the same transaction as what it is about.
    @discardableResult
    package func append(_ entry: AuditEntry) throws -> AuditRecord { try chain(traced(entry)) }

    /// The same, under the id that the entry itself has.
    @discardableResult
    func chain(_ entry: AuditEntry) throws -> AuditRecord {
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

    /// The entry under the id of the request that this transaction serves.
    func traced(_ entry: AuditEntry) -> AuditEntry {
        var entry = entry
        entry.trace = entry.trace ?? trace
        return entry
    }

    /// The last link of a chain; behind what was dropped, the link that its checkpoint holds. Nil before the first.
    func head(_ chain: AuditChainName) throws -> AuditChainLink? {
        let table = AuditTable.of(chain)
        let last = try first(
            "SELECT sequence, hash FROM \(table.name) WHERE \(table.chain) = ?1 ORDER BY sequence DESC LIMIT 1",
            chain.description
        ) { AuditChainLink(sequence: try $0.integer(0), hash: try $0.digest(1)) }
        return try last ?? base(chain)
    }

    /// What the oldest remaining record of a chain follows, if older ones were dropped.
    func base(_ chain: AuditChainName) throws -> AuditChainLink? {
        try first("SELECT sequence, hash FROM audit_bases WHERE chain = ?1", chain.description) {
            AuditChainLink(sequence: try $0.integer(0), hash: try $0.digest(1))
        }
    }

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
    /// What the first record of a chain follows.
    package static let beginning: Digest = {
        guard let zeros = Digest(bytes: [UInt8](repeating: 0, count: 32)) else {
            preconditionFailure("a digest has 32 bytes")
        }
        return zeros
    }()
}

/// The table that a chain lies in, and how its rows are told apart there.
struct AuditTable {
    let name: String
    /// The column that holds the chain's name; the main chain has a table for itself.
    let chain: String
    /// The statement that adds a record.
    let insertion: String

    static let columns = """
        sequence, at, actor, action, user_id, client_id, resource_id, session_id, outcome, reason, initiator, evidence,
        reported_by, correlation, admin_uid, previous, hash, format, trace, personal
        """

    /// What is read: in records of the first format the claimed name stands in the chain's own table.
    static let selection = columns + ", admin_claimed"

    private static let places = (1...20).map { "?\($0)" }.joined(separator: ", ")
    private static let main = AuditTable(
        name: "audit", chain: "'main'", insertion: "INSERT INTO audit (\(columns)) VALUES (\(places))")
    private static let reported = AuditTable(
        name: "audit_reported", chain: "chain",
        insertion: "INSERT INTO audit_reported (\(columns), chain) VALUES (\(places), ?21)")

    static func of(_ chain: AuditChainName) -> AuditTable { chain == .main ? main : reported }
}
