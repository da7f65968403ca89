package import JOSE
import OAuth

/// An entry in its place in the chain: each record's hash covers the one before.
package struct AuditRecord: Hashable, Sendable {
    /// Counted from 1 without a gap.
    package let sequence: Int64
    package let entry: AuditEntry
    /// The hash of the record before; 32 zero bytes at the beginning.
    package let previous: Digest
    package let hash: Digest
}

extension AuditRecord {
    /// The next link after `previous`.
    init(_ entry: AuditEntry, sequence: Int64, previous: Digest) {
        self.sequence = sequence
        self.entry = entry
        self.previous = previous
        hash = Self.hash(entry, sequence: sequence, previous: previous)
    }

    /// Whether the hash is that of what the record says.
    var isIntact: Bool { hash == Self.hash(entry, sequence: sequence, previous: previous) }

    /// The order of the fields is the format: it never changes, a new field goes under a new label.
    private static func hash(_ entry: AuditEntry, sequence: Int64, previous: Digest) -> Digest {
        let columns = AuditColumns(entry)
        var bytes = CanonicalBytes(label: "gatehouse audit 1")
        bytes.add(sequence)
        bytes.add(previous.bytes)
        bytes.add(entry.at.seconds)
        for text in columns.texts { bytes.add(text) }
        bytes.add(columns.adminUID)
        return .sha256(bytes.bytes)
    }
}

/// An entry as the table's columns hold it.
struct AuditColumns {
    let actor: String
    let adminUID: Int64?
    let adminClaimed: String?
    let evidence: String
    let reportedBy: String?
    private let entry: AuditEntry

    init(_ entry: AuditEntry) {
        self.entry = entry
        var admin: (uid: Int64?, claimed: String?) = (nil, nil)
        switch entry.actor {
        case .person(let id): actor = "person:" + id.string
        case .client(let id): actor = "client:" + id.string
        case .resource(let id): actor = "resource:" + id.string
        case .admin(let uid, let claimed):
            actor = "admin"
            admin = (Int64(uid), claimed)
        case .system: actor = "system"
        }
        (adminUID, adminClaimed) = admin
        switch entry.evidence {
        case .witnessed: (evidence, reportedBy) = ("witnessed", nil)
        case .reported(let by): (evidence, reportedBy) = ("reported", by)
        }
    }

    var texts: [String?] {
        [
            actor, entry.action.rawValue, entry.user?.string, entry.client?.string, entry.resource?.string,
            entry.session?.string, entry.outcome.rawValue, entry.reason, entry.initiator.rawValue, evidence, reportedBy,
            entry.correlation, adminClaimed,
        ]
    }

    /// Reads back the actor from its column.
    static func actor(_ text: String, uid: Int64?, claimed: String?) throws -> AuditActor? {
        if text == "system" { return .system }
        if text == "admin" { return uid.flatMap { UInt32(exactly: $0) }.map { .admin(uid: $0, claimed: claimed) } }
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "person": return UserID(parts[1]).map { .person($0) }
        case "client": return .client(try ClientID(String(parts[1])))
        case "resource": return ResourceID(parts[1]).map { .resource($0) }
        default: return nil
        }
    }
}

/// Fields one after the other, each behind its length, so that no two different records give the same bytes.
private struct CanonicalBytes {
    private(set) var bytes: [UInt8]

    init(label: String) {
        bytes = []
        bytes.reserveCapacity(640)
        add(label)
    }

    mutating func add(_ field: [UInt8]) {
        addLength(field.count)
        bytes.append(contentsOf: field)
    }

    mutating func add(_ text: String?) {
        guard let text else { return addLength(-1) }
        addLength(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func add(_ number: Int64?) {
        guard let number else { return addLength(-1) }
        addLength(8)
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    // Nothing and an empty text differ: nothing has the length -1.
    private mutating func addLength(_ length: Int) {
        withUnsafeBytes(of: Int32(length).bigEndian) { bytes.append(contentsOf: $0) }
    }
}
