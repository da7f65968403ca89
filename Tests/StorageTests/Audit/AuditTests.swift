import Foundation
import GRDB
import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("The audit chain")
struct AuditTests {
    private let world: World

    init() async throws { world = try await World() }

    private func entry(_ reason: String) -> AuditEntry {
        AuditEntry(
            .sessionEnded, at: World.start, actor: .admin(uid: 7, claimed: "root"), user: world.user.id,
            client: world.client.id, resource: world.resource.id, session: .random(), reason: reason, initiator: .human,
            evidence: .reported(by: "files"), correlation: "c1", explanation: "because of \(reason)", address: "::1")
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        "x'" + bytes.map { String(format: "%02x", $0) }.joined() + "'"
    }

    private func write(_ count: Int) async throws {
        for index in 0..<count { try await world.store.write { _ = try $0.audit.append(entry("r\(index)")) } }
    }

    /// Changes the file behind Gatehouse's back, as somebody with the disk could.
    private func tamper(_ sql: String) async throws -> AuditVerdict {
        try world.store.close()
        let queue = try DatabaseQueue(path: world.folder.database)
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: "DROP TRIGGER audit_is_kept; DROP TRIGGER audit_is_not_edited; \(sql)")
        }
        try queue.close()
        return try await Store(path: world.folder.database).read { try $0.audit.verify() }
    }

    @Test func `records read back as they were written, and the chain verifies`() async throws {
        let actors: [AuditActor] = [
            .person(world.user.id), .client(world.client.id), .resource(world.resource.id), .system,
            .admin(uid: .max, claimed: nil),
        ]
        for actor in actors {
            let entry = AuditEntry(.tokenIssued, at: World.start, actor: actor, initiator: .model)
            let record = try await world.store.write { try $0.audit.append(entry) }
            #expect(try await world.store.read { try $0.audit.tail(limit: 1) } == [record])
        }
        try await write(3)
        let verdict = try await world.store.read { try $0.audit.verify() }
        #expect(verdict.records == 8 && verdict.defect == nil)
        #expect(try await world.store.read { try $0.audit.tail(limit: 2, before: 8).map(\.sequence) } == [7, 6])
        #expect(try await world.store.read { try $0.audit.tail(limit: 1).first?.hash } == verdict.head)
    }

    @Test func `an empty chain is sound`() async throws {
        #expect(try await world.store.read { try $0.audit.verify() } == AuditVerdict())
    }

    @Test func `a changed field is a defect`() async throws {
        try await write(5)
        #expect(
            try await tamper("UPDATE audit SET reason = 'other' WHERE sequence = 3").defects == [
                AuditDefect(.altered, 3)
            ])
    }

    @Test func `text that is moved into the next field is a defect`() async throws {
        try await write(3)
        let verdict = try await tamper(
            "UPDATE audit SET correlation = NULL, trace = 'c1' WHERE sequence = 2")
        #expect(verdict.defects == [AuditDefect(.altered, 2)])
    }

    @Test func `an unreadable value is a defect, not a failure`() async throws {
        try await write(3)
        #expect(
            try await tamper("UPDATE audit SET actor = 'nobody' WHERE sequence = 2").defects == [
                AuditDefect(.altered, 2)
            ])
    }

    @Test func `a missing record is a defect`() async throws {
        try await write(5)
        let verdict = try await tamper("DELETE FROM audit WHERE sequence = 3")
        #expect(verdict.defects == [AuditDefect(.missing(through: 3), 3)] && verdict.records == 4)
    }

    @Test func `a missing first record is a defect`() async throws {
        try await write(2)
        #expect(
            try await tamper("DELETE FROM audit WHERE sequence = 1").defects == [AuditDefect(.missing(through: 1), 1)])
    }

    @Test func `swapped records are a defect`() async throws {
        try await write(5)
        let verdict = try await tamper(
            """
            UPDATE audit SET sequence = 99 WHERE sequence = 3;
            UPDATE audit SET sequence = 3 WHERE sequence = 4;
            UPDATE audit SET sequence = 4 WHERE sequence = 99
            """)
        #expect(verdict.defects == [3, 4, 5].map { AuditDefect(.outOfOrder, $0) })
    }

    @Test func `a record with a recomputed hash is a defect of the record after it`() async throws {
        try await write(4)
        let second = try #require(try await world.store.read { try $0.audit.tail(limit: 1, before: 3) }.first)
        let forged = AuditRecord(entry("forged"), sequence: 2, previous: second.previous)
        let hash = Self.hex(forged.hash.bytes)
        let seal = Self.hex(try #require(forged.seal).bytes)
        let session = try #require(forged.entry.session)
        let fields = try forged.fields.map { field in
            guard case .kept(let text, let salt) = field.content else { throw Refused() }
            return """
                UPDATE audit_personal SET digest = \(Self.hex(field.digest.bytes)), salt = \(Self.hex(salt)),
                value = '\(text)' WHERE sequence = 2 AND field = '\(field.name.rawValue)';
                """
        }
        let verdict = try await tamper(
            fields.joined() + """
                UPDATE audit SET reason = 'forged', session_id = '\(session)', personal = \(seal), hash = \(hash)
                WHERE sequence = 2
                """)
        #expect(verdict.defects == [AuditDefect(.outOfOrder, 3)])
    }

    @Test func `a rolled-back member leaves no gap and no stale end of the chain`() async throws {
        try await write(1)
        let results = try await world.store.grouped([
            { _ = try $0.audit.append(entry("kept")) },
            { tx in
                _ = try tx.audit.append(entry("undone"))
                throw Refused()
            },
            { _ = try $0.audit.append(entry("after")) },
        ])
        #expect(throws: Refused.self) { try results[1].get() }
        let reasons = try await world.store.read { try $0.audit.tail(limit: 9).map(\.entry.reason) }
        #expect(reasons == ["after", "kept", "r0"])
        #expect(try await world.store.read { try $0.audit.verify() }.defect == nil)
    }

    @Test func `a disk that fills up within a group leaves the chain sound`() async throws {
        try await write(2)
        _ = try await world.store.grouped([
            { _ = try $0.audit.append(entry("before")) },
            { tx in
                _ = try tx.pragma("max_page_count = \(try tx.pragma("page_count") ?? 0)")
                for _ in 0..<5_000 { _ = try tx.audit.append(entry(String(repeating: "x", count: 900))) }
            },
            { tx in
                _ = try tx.pragma("max_page_count = 100000")
                _ = try tx.audit.append(entry("after"))
            },
        ])
        try await write(1)
        let verdict = try await world.store.read { try $0.audit.verify() }
        #expect(verdict.defect == nil && verdict.records == 5)
    }

    @Test func `records can be neither edited nor deleted by the server itself`() async throws {
        try await write(1)
        for sql in ["DELETE FROM audit", "UPDATE audit SET reason = NULL"] {
            await #expect(throws: StoreError.self) { try await world.store.write { _ = try $0.execute(sql) } }
        }
    }

    @Test func `the chain continues after a restart`() async throws {
        try await write(2)
        try world.store.close()
        let store = try world.reopened()
        let record = try await store.write { try $0.audit.append(entry("later")) }
        #expect(record.sequence == 3)
        #expect(try await store.read { try $0.audit.verify() }.records == 3)
    }

    @Test func `a personal field that is altered, moved, deleted or added is a defect`()
        async throws
    {
        let edits = [
            "UPDATE audit_personal SET value = 'other' WHERE sequence = 3 AND field = 'explanation'",
            "UPDATE audit_personal SET salt = randomblob(16) WHERE sequence = 3 AND field = 'claimed'",
            "UPDATE audit_personal SET digest = randomblob(32) WHERE sequence = 3 AND field = 'address'",
            "DELETE FROM audit_personal WHERE sequence = 3 AND field = 'claimed'",
            "DELETE FROM audit_personal WHERE sequence = 3",
            "UPDATE audit_personal SET salt = NULL, value = NULL, erased_by = 2 WHERE sequence = 3",
            "UPDATE audit_personal SET salt = NULL, value = NULL, erased_by = 77 WHERE sequence = 3",
        ]
        for edit in edits {
            let other = try await AuditTests()
            try await other.write(4)
            #expect(try await other.tamper(edit).defects == [AuditDefect(.personal, 3)], "\(edit)")
        }
        try await world.store.write {
            _ = try $0.audit.append(AuditEntry(.keyRotated, at: World.start, actor: .system, initiator: .system))
        }
        let planted = """
            INSERT INTO audit_personal VALUES ('main', 1, 'explanation', zeroblob(32), zeroblob(16), 'planted', NULL)
            """
        #expect(try await tamper(planted).defects == [AuditDefect(.personal, 1)])
    }

    @Test func `a change of any column, or a missing record, is a defect of that record`() async throws {
        try await write(3)
        try world.store.close()
        let columns = [
            "at = at + 1", "actor = 'system'", "action = 'x'", "user_id = NULL", "client_id = NULL",
            "resource_id = NULL", "session_id = NULL", "outcome = 'refused'", "reason = reason || 'x'",
            "initiator = 'model'", "evidence = 'witnessed', reported_by = NULL", "reported_by = 'x'",
            "evidence = 'witnessed'", "correlation = 'x'", "admin_uid = 8", "admin_claimed = 'root'",
            "previous = randomblob(32)", "hash = randomblob(32)", "format = 1", "trace = '\(TraceID.random())'",
            "personal = randomblob(32)", "personal = NULL",
        ]
        for column in columns {
            let copy = try TemporaryFolder()
            try FileManager.default.copyItem(atPath: world.folder.database, toPath: copy.database)
            let queue = try DatabaseQueue(path: copy.database)
            try await queue.writeWithoutTransaction { db in
                try db.execute(
                    sql: """
                        PRAGMA ignore_check_constraints = ON; DROP TRIGGER audit_is_not_edited;
                        UPDATE audit SET \(column) WHERE sequence = 2
                        """)
            }
            try queue.close()
            let store = try Store(path: copy.database)
            let defects = try await store.read { try $0.audit.verify() }.defects
            try store.close()
            #expect(defects.first?.sequence == 2, "\(column): \(defects)")
        }
    }

    @Test func `records of the first format verify beside those of the second`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrator().migrate(queue, upTo: "0004 connections")
        // Computed by a program of its own from what the format says.
        let zeros = String(repeating: "0", count: 64)
        let one = "e9c92a3ab38946f2159f4767b9b26e44b3e17c9f829d34a4d0df6292b469934e"
        let two = "4b31d08c599ddd2c3d14d336da681602a89506d6fa85d1a616c8381abe19ac5d"
        try await queue.writeWithoutTransaction { db in
            for (sequence, previous, hash) in [(1, zeros, one), (2, one, two)] {
                try db.execute(
                    sql: """
                        INSERT INTO audit (sequence, at, actor, action, client_id, outcome, reason, initiator, evidence,
                            reported_by, correlation, admin_uid, admin_claimed, previous, hash)
                        VALUES (\(sequence), 1000000, 'admin', 'session.ended', 'desk', 'success', 'r\(sequence)', 'human',
                            'reported', 'files', 'c1', 7, 'root', x'\(previous)', x'\(hash)')
                        """)
            }
        }
        try queue.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.database)
        let store = try Store(path: folder.database)
        let record = try await store.write { try $0.audit.append(entry("later")) }
        #expect(record.sequence == 3 && record.previous.bytes.map { String(format: "%02x", $0) }.joined() == two)
        let verdict = try await store.read { try $0.audit.verify() }
        #expect(verdict.defects == [] && verdict.records == 3)
        let oldest = try #require(try await store.read { try $0.audit.tail(limit: 1, before: 2) }.first)
        #expect(oldest.entry.actor == .admin(uid: 7, claimed: "root") && oldest.format == .first)
        try store.close()
        // What the first format knows nothing of cannot be put there later.
        let later = try DatabaseQueue(path: folder.database)
        try await later.writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    DROP TRIGGER audit_is_not_edited; UPDATE audit SET trace = '\(TraceID.random())' WHERE sequence = 1;
                    UPDATE audit SET personal = zeroblob(32) WHERE sequence = 2
                    """)
        }
        try later.close()
        let again = try Store(path: folder.database)
        let defects = try await again.read { try $0.audit.verify() }.defects
        #expect(defects == [AuditDefect(.altered, 1), AuditDefect(.altered, 2)])
        try again.close()
    }

    @Test func `a record has the trace id of the request that caused it`() async throws {
        let trace = TraceID.random()
        let record = try await TraceID.$current.withValue(trace) {
            try await world.store.write { try $0.audit.append(entry("traced")) }
        }
        #expect(record.entry.trace == trace)
        #expect(try await world.store.read { try $0.audit.tail(limit: 1) } == [record])
        #expect(try await world.store.write { try $0.audit.append(entry("untraced")) }.entry.trace == nil)
    }
}
