import Foundation
import GRDB
import JOSE
import OAuth
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
            evidence: .reported(by: "files"), correlation: "c1")
    }

    private func write(_ count: Int) async throws {
        for index in 0..<count { try await world.store.write { _ = try $0.audit(entry("r\(index)")) } }
    }

    /// Changes the file behind Gatehouse's back, as somebody with the disk could.
    private func tamper(_ sql: String) async throws -> AuditVerdict {
        try world.store.close()
        let queue = try DatabaseQueue(path: world.folder.database)
        try await queue.writeWithoutTransaction { db in
            try db.execute(sql: "DROP TRIGGER audit_is_kept; DROP TRIGGER audit_is_not_edited; \(sql)")
        }
        try queue.close()
        return try await Store(path: world.folder.database).read { try $0.verifyAudit() }
    }

    @Test func `records read back as written and the chain verifies`() async throws {
        let actors: [AuditActor] = [
            .person(world.user.id), .client(world.client.id), .resource(world.resource.id), .system,
            .admin(uid: .max, claimed: nil),
        ]
        for actor in actors {
            let entry = AuditEntry(.tokenIssued, at: World.start, actor: actor, initiator: .model)
            let record = try await world.store.write { try $0.audit(entry) }
            #expect(try await world.store.read { try $0.auditTail(limit: 1) } == [record])
        }
        try await write(3)
        let verdict = try await world.store.read { try $0.verifyAudit() }
        #expect(verdict.records == 8 && verdict.defect == nil)
        #expect(try await world.store.read { try $0.auditTail(limit: 2, before: 8).map(\.sequence) } == [7, 6])
        #expect(try await world.store.read { try $0.auditTail(limit: 1).first?.hash } == verdict.head)
    }

    @Test func `an empty chain is sound`() async throws {
        #expect(try await world.store.read { try $0.verifyAudit() } == AuditVerdict(records: 0, head: nil, defect: nil))
    }

    @Test func `a flipped field is named`() async throws {
        try await write(5)
        #expect(try await tamper("UPDATE audit SET reason = 'other' WHERE sequence = 3").defect == .altered(3))
    }

    @Test func `a field moved into its neighbour is named`() async throws {
        try await write(3)
        let verdict = try await tamper(
            "UPDATE audit SET correlation = NULL, admin_claimed = 'c1root' WHERE sequence = 2")
        #expect(verdict.defect == .altered(2))
    }

    @Test func `a value that cannot be read is named, not a failure`() async throws {
        try await write(3)
        #expect(try await tamper("UPDATE audit SET actor = 'nobody' WHERE sequence = 2").defect == .altered(2))
    }

    @Test func `a dropped record is named`() async throws {
        try await write(5)
        let verdict = try await tamper("DELETE FROM audit WHERE sequence = 3")
        #expect(verdict.defect == .missing(3) && verdict.records == 2)
    }

    @Test func `a dropped first record is named`() async throws {
        try await write(2)
        #expect(try await tamper("DELETE FROM audit WHERE sequence = 1").defect == .missing(1))
    }

    @Test func `swapped records are named`() async throws {
        try await write(5)
        let verdict = try await tamper(
            """
            UPDATE audit SET sequence = 99 WHERE sequence = 3;
            UPDATE audit SET sequence = 3 WHERE sequence = 4;
            UPDATE audit SET sequence = 4 WHERE sequence = 99
            """)
        #expect(verdict.defect == .outOfOrder(3))
    }

    @Test func `a record whose hash was computed anew is named by the one after it`() async throws {
        try await write(4)
        let second = try #require(try await world.store.read { try $0.auditTail(limit: 1, before: 3) }.first)
        let forged = AuditRecord(entry("forged"), sequence: 2, previous: second.previous)
        let hex = forged.hash.bytes.map { String(format: "%02x", $0) }.joined()
        let session = try #require(forged.entry.session)
        let verdict = try await tamper(
            "UPDATE audit SET reason = 'forged', session_id = '\(session)', hash = x'\(hex)' WHERE sequence = 2")
        #expect(verdict.defect == .outOfOrder(3))
    }

    @Test func `a member that is undone leaves no gap and no stale head`() async throws {
        try await write(1)
        let results = try await world.store.grouped([
            { _ = try $0.audit(entry("kept")) },
            { tx in
                _ = try tx.audit(entry("undone"))
                throw Refused()
            },
            { _ = try $0.audit(entry("after")) },
        ])
        #expect(throws: Refused.self) { try results[1].get() }
        let reasons = try await world.store.read { try $0.auditTail(limit: 9).map(\.entry.reason) }
        #expect(reasons == ["after", "kept", "r0"])
        #expect(try await world.store.read { try $0.verifyAudit() }.defect == nil)
    }

    @Test func `a disk that fills up in the middle of a group leaves the chain whole`() async throws {
        try await write(2)
        _ = try await world.store.grouped([
            { _ = try $0.audit(entry("before")) },
            { tx in
                _ = try tx.pragma("max_page_count = \(try tx.pragma("page_count") ?? 0)")
                for _ in 0..<5_000 { _ = try tx.audit(entry(String(repeating: "x", count: 900))) }
            },
            { tx in
                _ = try tx.pragma("max_page_count = 100000")
                _ = try tx.audit(entry("after"))
            },
        ])
        try await write(1)
        let verdict = try await world.store.read { try $0.verifyAudit() }
        #expect(verdict.defect == nil && verdict.records == 5)
    }

    @Test func `records can be neither edited nor deleted by the server itself`() async throws {
        try await write(1)
        for sql in ["DELETE FROM audit", "UPDATE audit SET reason = NULL"] {
            await #expect(throws: StoreError.self) { try await world.store.write { _ = try $0.execute(sql) } }
        }
    }

    @Test func `the chain goes on after a restart`() async throws {
        try await write(2)
        try world.store.close()
        let store = try Store(path: world.folder.database)
        let record = try await store.write { try $0.audit(entry("later")) }
        #expect(record.sequence == 3)
        #expect(try await store.read { try $0.verifyAudit() }.records == 3)
    }
}
