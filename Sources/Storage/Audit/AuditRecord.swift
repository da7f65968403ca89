package import JOSE
package import OAuth

/// The chain of a record: Gatehouse's own, or the reports of one MCP server.
package enum AuditChainName: Hashable, Sendable, CustomStringConvertible {
    case main
    case reported(ResourceID)

    /// Reads a stored name.
    package init?(_ text: String) {
        if text == "main" {
            self = .main
        } else if let resource = ResourceID(text) {
            self = .reported(resource)
        } else {
            return nil
        }
    }

    /// The stored name: `main`, or the id of the MCP server.
    package var description: String {
        switch self {
        case .main: "main"
        case .reported(let resource): resource.string
        }
    }
}

/// An entry with its place in a chain. Its hash covers the hash of the record before it.
package struct AuditRecord: Hashable, Sendable {
    /// How the hash is computed. A format never changes; a new field needs a new format.
    package enum Format: Int64, Hashable, Sendable {
        case first = 1
        case second = 2
    }

    package let chain: AuditChainName
    package let format: Format
    /// The number in the chain, from 1 without gaps.
    package let sequence: Int64
    package let entry: AuditEntry
    /// The personal fields beside the chain, in the order of their names; the first format has none.
    package let fields: [PersonalField]
    /// The digest over all `fields`, which the hash covers; nil without fields.
    package let seal: Digest?
    /// The hash of the record before; 32 zero bytes for the first record.
    package let previous: Digest
    /// SHA-256 over the canonical bytes of the record and the hash before it.
    package let hash: Digest

    /// A record in its stored form.
    package init(
        chain: AuditChainName, format: Format, sequence: Int64, entry: AuditEntry, fields: [PersonalField],
        seal: Digest?, previous: Digest, hash: Digest
    ) {
        self.chain = chain
        self.format = format
        self.sequence = sequence
        self.entry = entry
        self.fields = fields
        self.seal = seal
        self.previous = previous
        self.hash = hash
    }
}

extension AuditRecord {
    /// The record behind the one with the hash `previous`.
    init(_ entry: AuditEntry, in chain: AuditChainName = .main, sequence: Int64, previous: Digest) {
        let fields = entry.personalFields
        let seal = PersonalField.seal(fields)
        self.init(
            chain: chain, format: .second, sequence: sequence, entry: entry, fields: fields, seal: seal,
            previous: previous,
            hash: Self.hash(entry, in: chain, .second, sequence: sequence, seal: seal, previous: previous))
    }

    /// Whether the hash matches the record, apart from its personal fields.
    package var isIntact: Bool {
        // The hash of the first format covers neither, so they could have been added later.
        guard format == .second || entry.trace == nil && seal == nil else { return false }
        return hash == Self.hash(entry, in: chain, format, sequence: sequence, seal: seal, previous: previous)
    }

    /// Whether the personal fields match the seal.
    package var isPersonalIntact: Bool { PersonalField.seal(fields) == seal && fields.allSatisfy(\.isIntact) }

    /// The order of the fields is the format, so it never changes.
    private static func hash(
        _ entry: AuditEntry, in chain: AuditChainName, _ format: Format, sequence: Int64, seal: Digest?,
        previous: Digest
    ) -> Digest {
        let columns = AuditColumns(entry)
        var bytes = CanonicalBytes(label: "gatehouse audit \(format.rawValue)")
        if format == .second { bytes.add(chain.description) }
        bytes.add(sequence)
        bytes.add(previous.bytes)
        bytes.add(entry.at.seconds)
        for text in columns.texts { bytes.add(text) }
        switch format {
        case .first: bytes.add(columns.adminClaimed)
        case .second: bytes.add(entry.trace?.string)
        }
        bytes.add(columns.adminUID)
        if format == .second { bytes.add(seal?.bytes) }
        return .sha256(bytes.bytes)
    }
}

/// An entry in the form of its columns.
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

    /// The texts that the hashes of both formats cover, in their order.
    var texts: [String?] {
        [
            actor, entry.action.rawValue, entry.user?.string, entry.client?.string, entry.resource?.string,
            entry.session?.string, entry.outcome.rawValue, entry.reason, entry.initiator.rawValue, evidence, reportedBy,
            entry.correlation,
        ]
    }

    /// Reads the actor from its columns; nil for a text that is none.
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
