import Foundation
import GRDB
import JOSE
import OAuth
import Testing

@testable import Storage

@Suite("Audit checkpoints")
struct AuditCheckpointTests {
    private let world: World
    private let key = SigningKey.generate()

    init() async throws { world = try await World() }

    private var ring: VerificationKeySet { VerificationKeySet([key.verification]) }

    private func write(_ count: Int, in world: World? = nil) async throws {
        for index in 0..<count {
            try await (world ?? self.world).store.write {
                _ = try $0.audit.append(
                    AuditEntry(
                        .tokenIssued, at: World.start + Int64(index), actor: .system, reason: "r\(index)",
                        initiator: .system))
            }
        }
    }

    /// Names the key and signs the head, as housekeeping does.
    @discardableResult
    private func sign(with key: SigningKey? = nil, _ chain: AuditChainName = .main) async throws -> AuditCheckpoint {
        let key = key ?? self.key
        return try await world.store.write { transaction in
            if chain == .main { _ = try transaction.audit.append(.auditKeyUsed(key.kid, at: World.start)) }
            guard let head = try transaction.audit.head(chain) else { throw Refused() }
            let checkpoint = try AuditCheckpoint(
                chain, sequence: head.sequence, hash: head.hash, at: World.start, with: key)
            guard try transaction.audit.checkpoints.insert(checkpoint) else { throw Refused() }
            return checkpoint
        }
    }

    private func report() async throws {
        let entry = ReportedEntry(.elicitationRead, at: World.start, by: world.resource.id, initiator: .server)
        guard case .recorded = try await world.store.write({ try $0.audit.reports.append(entry) }) else {
            throw Refused()
        }
    }

    private func verify(_ keys: VerificationKeySet? = nil) async throws -> AuditVerdict {
        let keys = keys ?? ring
        return try await world.store.read { try $0.audit.verify(trusted: keys) }
    }

    /// Changes the file behind Gatehouse's back.
    private func tamper(_ sql: String) async throws -> [AuditDefect] {
        try world.store.close()
        let queue = try DatabaseQueue(path: world.folder.database)
        try await queue.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    DROP TRIGGER audit_is_kept; DROP TRIGGER audit_is_not_edited;
                    DROP TRIGGER audit_reported_is_kept; DROP TRIGGER audit_reported_is_not_edited; \(sql)
                    """)
        }
        try queue.close()
        let store = try world.reopened()
        let keys = ring
        let defects = try await store.read { try $0.audit.verify(trusted: keys) }.defects
        try store.close()
        return defects
    }

    @Test func `RFC 7515 a checkpoint reads back as it was signed, and not with one character changed`() async throws {
        try await write(2)
        let checkpoint = try await sign()
        #expect(AuditCheckpoint(signed: checkpoint.signed) == checkpoint)
        let letters = Array(checkpoint.signed)
        for index in stride(from: 0, to: letters.count, by: 7) {
            var other = letters
            other[index] = letters[index] == "A" ? "B" : "A"
            #expect(AuditCheckpoint(signed: String(other)) != checkpoint)
            if let read = AuditCheckpoint(signed: String(other)) { Issue.record("read \(read)") }
        }
    }

    @Test func `RFC 7638 a checkpoint under another key's name is none`() throws {
        let other = SigningKey.generate()
        let header: JSONObject = [
            "typ": .string(AuditCheckpoint.type), "alg": "ES256", "kid": .string(key.kid),
            "jwk": .object(other.jwk.json),
        ]
        let claims: JSONObject = [
            "iat": 1, "chain": "main", "sequence": 1, "hash": .string(Digest.beginning.base64URL),
        ]
        let signed = try JWS.sign(header: header, payload: claims.bytes, with: other)
        #expect(AuditCheckpoint(signed: signed) == nil)
    }

    @Test func `a checkpoint is stored only for a record of the chain`() async throws {
        try await write(2)
        for (sequence, hash) in [(Int64(2), Digest.beginning), (9, .beginning)] {
            let wrong = try AuditCheckpoint(.main, sequence: sequence, hash: hash, at: World.start, with: key)
            #expect(try await world.store.write { try $0.audit.checkpoints.insert(wrong) } == false)
        }
        #expect(try await verify().checkpointed == nil)
    }

    @Test func `a chain that was cut behind its last checkpoint has the missing records as a defect`()
        async throws
    {
        try await write(6)
        try await sign()
        try await write(1)
        #expect(try await verify().checkpointed == 7)
        #expect(
            try await tamper("DELETE FROM audit WHERE sequence > 4") == [AuditDefect(.missing(through: 7), 5)])
    }

    @Test func `a chain that was rewritten before a checkpoint is a defect`() async throws {
        try await write(3)
        try await sign()
        try await write(2)
        // All hashes are right again, as somebody with the file and the source can make them.
        var records: [AuditRecord] = []
        for record in try await world.store.read({ try $0.audit.tail(limit: 9) }).reversed() {
            var entry = record.entry
            if record.sequence == 2 {
                entry = AuditEntry(.keyRotated, at: entry.at, actor: .system, initiator: .system)
            }
            records.append(
                AuditRecord(entry, sequence: record.sequence, previous: records.last?.hash ?? .beginning))
        }
        let hex: (Digest) -> String = { "x'" + $0.bytes.map { String(format: "%02x", $0) }.joined() + "'" }
        let edits = records.map {
            """
            UPDATE audit SET action = '\($0.entry.action.rawValue)', hash = \(hex($0.hash)),
            previous = \(hex($0.previous)) WHERE sequence = \($0.sequence);
            """
        }
        let forged = edits.joined() + "UPDATE audit SET reason = NULL WHERE sequence = 2"
        #expect(try await tamper(forged) == [AuditDefect(.checkpoint, 4)])
    }

    @Test func `a checkpoint that was altered, moved or stripped of its signature is a defect`()
        async throws
    {
        for edit in [
            "UPDATE audit_checkpoints SET signed = signed || 'A'",
            "UPDATE audit_checkpoints SET sequence = 2",
            "UPDATE audit_checkpoints SET signed = 'none'",
        ] {
            let other = try await AuditCheckpointTests()
            try await other.write(3)
            try await other.sign()
            let defects = try await other.tamper(edit)
            #expect(defects.map(\.kind).contains(.checkpoint), "\(edit): \(defects)")
        }
    }

    @Test func `the deletion of all checkpoints is a defect`() async throws {
        try await write(2)
        try await sign()
        #expect(try await tamper("DELETE FROM audit_checkpoints") == [AuditDefect(.noCheckpoint, 3)])
    }

    @Test func `an unknown key vouches for nothing, and an older key only by its record`()
        async throws
    {
        try await write(1)
        let older = SigningKey.generate()
        try await sign(with: older)
        #expect(try await verify().defects == [AuditDefect(.unknownKey, 2)])
        try await sign()
        #expect(try await verify().defects == [])
        #expect(try await verify().keys == [older.kid, key.kid].sorted())
        let stranger = try await world.store.write { [world, key] transaction in
            _ = (world, key)
            let forger = SigningKey.generate()
            guard let head = try transaction.audit.tail(limit: 1, before: 2).first else { throw Refused() }
            let checkpoint = try AuditCheckpoint(
                .main, sequence: head.sequence, hash: head.hash, at: World.start, with: forger)
            return try transaction.audit.checkpoints.insert(checkpoint)
        }
        #expect(stranger)
        #expect(try await verify().defects == [AuditDefect(.unknownKey, 1)])
    }

    @Test func `a report that is altered, missing or cut off is a defect of its MCP server's chain`() async throws {
        let edits: [(String, AuditDefect.Kind, Int64)] = [
            ("UPDATE audit_reported SET action = 'x' WHERE sequence = 2", .altered, 2),
            ("DELETE FROM audit_reported WHERE sequence = 2", .missing(through: 2), 2),
            ("DELETE FROM audit_reported WHERE sequence > 1", .missing(through: 3), 2),
        ]
        for (edit, kind, sequence) in edits {
            let other = try await AuditCheckpointTests()
            for _ in 0..<3 { try await other.report() }
            try await other.sign()
            let chain = AuditChainName.reported(other.world.resource.id)
            try await other.sign(chain)
            #expect(try await other.verify().defects == [])
            let defects = try await other.tamper(edit)
            #expect(defects == [AuditDefect(kind, sequence, in: chain)], "\(edit)")
            #expect("\(defects[0])".contains(other.world.resource.id.string))
        }
    }
}
