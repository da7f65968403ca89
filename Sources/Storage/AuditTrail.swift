import Foundation
package import JOSE
import OAuth

/// What is wrong with the chain, by the first record that is not as it was written.
package enum AuditDefect: Hashable, Sendable {
    /// The record does not say what it said.
    case altered(Int64)
    /// The record is gone, though later ones are there.
    case missing(Int64)
    /// The record did not follow the one that stands before it: reordered, or put in its place.
    case outOfOrder(Int64)
}

extension AuditDefect: CustomStringConvertible {
    package var description: String {
        switch self {
        case .altered(let sequence): "record \(sequence) was altered"
        case .missing(let sequence): "record \(sequence) is missing"
        case .outOfOrder(let sequence): "record \(sequence) does not follow the record before it"
        }
    }
}

/// What a walk along the chain found.
package struct AuditVerdict: Hashable, Sendable {
    /// How many records were sound, from the first on.
    package let records: Int64
    /// The hash of the last sound one. Only who keeps it elsewhere can tell later that the end was cut off.
    package let head: Digest?
    package let defect: AuditDefect?
}

extension Transaction {
    /// Puts an entry at the end of the chain, in the same transaction as what it is about.
    @discardableResult
    package func audit(_ entry: AuditEntry) throws -> AuditRecord {
        guard let chain else { throw StoreError.constraint("a reader cannot write to the audit trail") }
        let head = try chain.head ?? storedHead()
        let record = try AuditRecord(
            entry, sequence: (head?.sequence ?? 0) + 1, previous: head?.hash ?? Self.beginning())
        try insert(record)
        chain.head = AuditChain.Head(sequence: record.sequence, hash: record.hash)
        return record
    }

    /// The latest records, or those before a sequence number; the latest first.
    package func auditTail(limit: Int = 50, before sequence: Int64 = .max) throws -> [AuditRecord] {
        try all(
            "SELECT \(Self.columns) FROM audit WHERE sequence < ?1 ORDER BY sequence DESC LIMIT ?2", sequence, limit
        ) { try record($0) }
    }

    /// Walks the chain from its beginning and stops at the first record that is not as it was written.
    package func verifyAudit() throws -> AuditVerdict {
        var sound: Int64 = 0
        var head = try Self.beginning()
        func verdict(_ defect: AuditDefect?) -> AuditVerdict {
            AuditVerdict(records: sound, head: sound > 0 ? head : nil, defect: defect)
        }
        while true {
            let page = try readable(after: sound)
            for (sequence, record) in page {
                guard sequence == sound + 1 else { return verdict(.missing(sound + 1)) }
                guard let record else { return verdict(.altered(sequence)) }
                guard record.previous == head else { return verdict(.outOfOrder(sequence)) }
                guard record.isIntact else { return verdict(.altered(sequence)) }
                sound = sequence
                head = record.hash
            }
            guard !page.isEmpty else { return verdict(nil) }
        }
    }

    private static let columns = """
        sequence, at, actor, action, user_id, client_id, resource_id, session_id, outcome, reason, initiator, evidence,
        reported_by, correlation, admin_claimed, admin_uid, previous, hash
        """

    /// A record that was altered so that it cannot even be read comes as nothing behind its number.
    private func readable(after sequence: Int64) throws -> [(Int64, AuditRecord?)] {
        try all("SELECT \(Self.columns) FROM audit WHERE sequence > ?1 ORDER BY sequence LIMIT 1000", sequence) { row in
            (try row.integer(0), try? record(row))
        }
    }

    private func storedHead() throws -> AuditChain.Head? {
        try first("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1") {
            AuditChain.Head(sequence: try $0.integer(0), hash: try $0.digest(1))
        }
    }

    private static func beginning() throws -> Digest {
        guard let zeros = Digest(bytes: [UInt8](repeating: 0, count: 32)) else { throw StoreError.closed }
        return zeros
    }

    private func insert(_ record: AuditRecord) throws {
        let entry = record.entry
        let columns = AuditColumns(entry)
        try execute(
            """
            INSERT INTO audit (\(Self.columns))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
            """, record.sequence, entry.at.seconds, columns.actor, entry.action.rawValue, entry.user?.string,
            entry.client?.string, entry.resource?.string, entry.session?.string, entry.outcome.rawValue, entry.reason,
            entry.initiator.rawValue, columns.evidence, columns.reportedBy, entry.correlation, columns.adminClaimed,
            columns.adminUID, record.previous.stored, record.hash.stored)
    }

    private func record(_ row: StoredRow) throws -> AuditRecord {
        let client = try row.textIfAny(5)
        let entry = try AuditEntry(
            AuditAction(rawValue: row.text(3)), at: row.time(1),
            actor: row.parsed(AuditColumns.actor(row.text(2), uid: row.integerIfAny(15), claimed: row.textIfAny(14))),
            user: row.idIfAny(4), client: client.map { try ClientID($0) }, resource: row.idIfAny(6),
            session: row.idIfAny(7), outcome: row.parsed(AuditEntry.Outcome(rawValue: row.text(8))),
            reason: row.textIfAny(9), initiator: row.parsed(AuditEntry.Initiator(rawValue: row.text(10))),
            evidence: row.textIfAny(12).map { .reported(by: $0) } ?? .witnessed, correlation: row.textIfAny(13))
        return try AuditRecord(sequence: row.integer(0), entry: entry, previous: row.digest(16), hash: row.digest(17))
    }
}
