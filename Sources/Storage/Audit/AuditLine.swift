package import JOSE
package import OAuth

/// One line of an exported audit trail: a JSON object with everything that the hashes cover, so that anybody can verify the
/// file without Gatehouse and without the database.
package enum AuditLine: Sendable {
    /// The first line: the time of the export, and whether it is filtered.
    case header(at: Timestamp, isSelection: Bool)
    /// The beginning of a chain, behind the record of this number and hash.
    case chain(AuditChainName, after: Int64, hash: Digest)
    /// A record.
    case record(AuditRecord)
    /// The place of a record that does not parse.
    case unreadable(AuditChainName, Int64)
    /// A checkpoint, behind its record.
    case checkpoint(StoredCheckpoint)
    /// The last line with the number of lines, so that a cut-off file is detected.
    case end(lines: Int64)

    private static let version: Int64 = 1

    /// The written line, without its line end.
    package var json: JSONObject {
        switch self {
        case .header(let at, let isSelection):
            [
                "kind": "gatehouse audit", "version": .integer(Self.version), "at": .string(at.rfc3339),
                "selection": .bool(isSelection),
            ]
        case .chain(let chain, let after, let hash):
            [
                "kind": "chain", "chain": .string(chain.description), "after": .integer(after),
                "hash": .string(hash.base64URL),
            ]
        case .record(let record): record.line
        case .unreadable(let chain, let sequence):
            ["kind": "unreadable", "chain": .string(chain.description), "sequence": .integer(sequence)]
        case .checkpoint(let checkpoint):
            [
                "kind": "checkpoint", "chain": .string(checkpoint.chain.description),
                "sequence": .integer(checkpoint.sequence), "signed": .string(checkpoint.signed),
            ]
        case .end(let lines): ["kind": "end", "lines": .integer(lines)]
        }
    }

    /// Reads a line; nil for one that Gatehouse did not write so.
    package init?(parsing bytes: [UInt8]) {
        // The line must read back to itself, because a member that the hashes do not cover could claim anything.
        guard let json = try? JSONObject(parsing: bytes), let kind = json["kind"]?.string,
            let line = Self.read(kind, json), line.isUnreadable || line.json == json
        else { return nil }
        self = line
    }

    private var isUnreadable: Bool { if case .unreadable = self { true } else { false } }

    private static func read(_ kind: String, _ json: JSONObject) -> AuditLine? {
        switch kind {
        case "gatehouse audit":
            guard json["version"]?.integer == version, let isSelection = json["selection"]?.bool,
                let at = json["at"]?.string.flatMap(Timestamp.init(rfc3339:))
            else { return nil }
            return .header(at: at, isSelection: isSelection)
        case "end": return json["lines"]?.integer.map { .end(lines: $0) }
        default: break
        }
        guard let chain = json["chain"]?.string.flatMap(AuditChainName.init) else { return nil }
        switch kind {
        case "chain":
            guard let after = json["after"]?.integer, let hash = json.digest("hash") else { return nil }
            return .chain(chain, after: after, hash: hash)
        case "record":
            guard let sequence = json["sequence"]?.integer else { return nil }
            // A record that does not parse keeps its number, as in the database.
            return (try? AuditRecord(json, in: chain)).map(AuditLine.record) ?? .unreadable(chain, sequence)
        case "unreadable": return json["sequence"]?.integer.map { .unreadable(chain, $0) }
        case "checkpoint":
            guard let sequence = json["sequence"]?.integer, let signed = json["signed"]?.string else { return nil }
            return .checkpoint(StoredCheckpoint(chain: chain, sequence: sequence, signed: signed))
        default: return nil
        }
    }
}

extension AuditRecord {
    fileprivate var line: JSONObject {
        let columns = AuditColumns(entry)
        var line: JSONObject = [
            "kind": "record", "chain": .string(chain.description), "format": .integer(format.rawValue),
            "sequence": .integer(sequence), "at": .string(entry.at.rfc3339), "actor": .string(columns.actor),
            "action": .string(entry.action.rawValue), "user_id": JSON(entry.user?.string),
            "client_id": JSON(entry.client?.string), "resource_id": JSON(entry.resource?.string),
            "session": JSON(entry.session?.string), "outcome": .string(entry.outcome.rawValue),
            "reason": JSON(entry.reason), "initiator": .string(entry.initiator.rawValue),
            "evidence": .string(columns.evidence), "reported_by": JSON(columns.reportedBy),
            "correlation": JSON(entry.correlation), "trace": JSON(entry.trace?.string),
            "admin_uid": columns.adminUID.map(JSON.integer) ?? .null,
        ]
        if format == .first { line["admin_claimed"] = JSON(columns.adminClaimed) }
        line["personal"] = .array(fields.map { .object($0.line) })
        line["seal"] = JSON(seal?.base64URL)
        line["previous"] = .string(previous.base64URL)
        line["hash"] = .string(hash.base64URL)
        return line
    }

    fileprivate init(_ json: JSONObject, in chain: AuditChainName) throws {
        let fields = try (json["personal"]?.array ?? []).map { try PersonalField($0.object) }
        func personal(_ name: PersonalField.Name) -> String? { fields.first { $0.name == name }?.text }
        let format = try json.read("format") { $0.integer.flatMap(Format.init(rawValue:)) }
        let claimed = format == .first ? json["admin_claimed"]?.string : personal(.claimed)
        var entry = try AuditEntry(
            AuditAction(rawValue: json.read("action", \.string)),
            at: json.read("at") { $0.string.flatMap(Timestamp.init(rfc3339:)) },
            actor: json.read("actor") {
                try $0.string.flatMap {
                    try AuditColumns.actor($0, uid: json["admin_uid"]?.integer, claimed: claimed)
                }
            },
            user: json.readIfAny("user_id") { UserID($0) }, client: json.readIfAny("client_id") { try ClientID($0) },
            resource: json.readIfAny("resource_id") { ResourceID($0) },
            session: json.readIfAny("session") { SessionID($0) },
            outcome: json.read("outcome") { $0.string.flatMap(AuditEntry.Outcome.init) },
            reason: json.readIfAny("reason") { $0 },
            initiator: json.read("initiator") { $0.string.flatMap(AuditEntry.Initiator.init) },
            evidence: json.readIfAny("reported_by") { .reported(by: $0) } ?? .witnessed,
            correlation: json.readIfAny("correlation") { $0 }, explanation: personal(.explanation),
            address: personal(.address), changes: personal(.changes).flatMap(AuditChange.list) ?? [])
        entry.trace = try json.readIfAny("trace") { TraceID($0) }
        try self.init(
            chain: chain, format: format, sequence: json.read("sequence", \.integer), entry: entry, fields: fields,
            seal: json.readIfAny("seal") { Base64URL.decode($0).flatMap(Digest.init(bytes:)) },
            previous: json.read("previous") { _ in json.digest("previous") },
            hash: json.read("hash") { _ in json.digest("hash") })
    }
}

extension PersonalField {
    fileprivate var line: JSONObject {
        var line: JSONObject = ["field": .string(name.rawValue), "digest": .string(digest.base64URL)]
        switch content {
        case .kept(let text, let salt):
            line["salt"] = .string(Base64URL.encode(salt))
            line["value"] = .string(text)
        case .erased(let record): line["erased_by"] = .integer(record)
        }
        return line
    }

    fileprivate init(_ json: JSONObject?) throws {
        guard let json, let digest = json.digest("digest") else { throw StoreError.failed("a line does not parse") }
        let content: Content =
            if let record = json["erased_by"]?.integer {
                .erased(by: record)
            } else {
                .kept(
                    try json.read("value", \.string),
                    salt: try json.read("salt") { $0.string.flatMap { Base64URL.decode($0) } })
            }
        self.init(try json.read("field") { $0.string.flatMap(Name.init) }, digest: digest, content: content)
    }
}

extension JSONObject {
    fileprivate func digest(_ name: String) -> Digest? {
        self[name]?.string.flatMap { Base64URL.decode($0) }.flatMap(Digest.init(bytes:))
    }

    fileprivate func read<T>(_ name: String, _ parse: (JSON) throws -> T?) throws -> T {
        guard let json = self[name], let value = try parse(json) else {
            throw StoreError.failed("a line does not parse")
        }
        return value
    }

    /// Nil for null; any other value must parse.
    fileprivate func readIfAny<T>(_ name: String, _ parse: (String) throws -> T?) throws -> T? {
        switch self[name] {
        case nil, .null: return nil
        case .string(let text)?:
            guard let value = try parse(text) else { throw StoreError.failed("a line does not parse") }
            return value
        case .bool, .integer, .number, .array, .object: throw StoreError.failed("a line does not parse")
        }
    }
}

extension JSON {
    /// A text, or null for nil.
    fileprivate init(_ text: String?) { self = text.map(JSON.string) ?? .null }
}
