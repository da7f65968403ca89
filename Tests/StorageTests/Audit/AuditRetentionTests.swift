import Foundation
import JOSE
import OAuth
import Testing

@testable import Storage

@Suite("Shortening and erasure of the audit trail", .onEachStore)
struct AuditRetentionTests {
    private let world: World
    private let key = SigningKey.generate()
    private let admin = AuditActor.admin(uid: 7, claimed: "root")

    init() async throws { world = try await World() }

    private func write(_ count: Int) async throws {
        for index in 0..<count {
            try await world.store.write {
                _ = try $0.audit.append(
                    AuditEntry(
                        .sessionEnded, at: World.start, actor: .admin(uid: 7, claimed: "grace"), user: world.user.id,
                        reason: "r\(index)", initiator: .human, explanation: "Ana moved to Ghent",
                        address: "2001:db8::7"))
            }
        }
    }

    @discardableResult
    private func sign() async throws -> AuditCheckpoint {
        try await world.store.write { [key] transaction in
            _ = try transaction.audit.append(.auditKeyUsed(key.kid, at: World.start))
            guard let head = try transaction.audit.head(.main) else { throw Refused() }
            let checkpoint = try AuditCheckpoint(
                .main, sequence: head.sequence, hash: head.hash, at: World.start, with: key)
            guard try transaction.audit.checkpoints.insert(checkpoint) else { throw Refused() }
            return checkpoint
        }
    }

    private func verify() async throws -> AuditVerdict {
        let keys = VerificationKeySet([key.verification])
        return try await world.store.read { try $0.audit.verify(trusted: keys) }
    }

    private func drop(_ mark: AuditPruneMark) async throws -> Bool {
        let isDone = try await world.store.write { [admin] in
            try $0.audit.retention.shorten(to: [mark], by: admin, at: World.start)
        }
        // A small step, so that a stop in the middle is looked at as well.
        while try await world.store.write({ try $0.audit.retention.drop(limit: 2) }) > 0 {
            if isDone { #expect(try await verify().defects.allSatisfy { $0.kind == .unknownKey }) }
        }
        return isDone
    }

    @Test func `records before a checkpoint can be dropped, and the rest verifies and continues`() async throws {
        try await write(5)
        let checkpoint = try await sign()
        try await write(3)
        #expect(try await drop(AuditPruneMark(checkpoint)))
        try await sign()
        let verdict = try await verify()
        #expect(verdict.defects == [] && verdict.dropped == 6 && verdict.records == 6)
        let sequences = try await world.store.read { try $0.audit.tail(limit: 99).map(\.sequence) }
        #expect(sequences == (7...12).reversed())
        #expect(try await world.store.read { try $0.rows("audit_personal") } == 3 * 3 + 1)
        // And once more, after which nothing but the last piece is left.
        #expect(try await drop(AuditPruneMark(try await sign())))
        try await sign()
        try world.store.close()
        let store = try world.reopened()
        #expect(try await store.write { try $0.audit.append(.auditKeyUsed("k", at: World.start)) }.sequence == 17)
        try store.close()
    }

    @Test func `a chain is shortened only to a stored checkpoint`() async throws {
        try await write(3)
        let checkpoint = try await sign()
        let foreign = try AuditCheckpoint(.main, sequence: 2, hash: .beginning, at: World.start, with: key)
        #expect(try await drop(AuditPruneMark(foreign)) == false)
        let other = try AuditCheckpoint(
            .main, sequence: checkpoint.sequence, hash: .beginning, at: World.start, with: key)
        #expect(try await drop(AuditPruneMark(other)) == false)
        let verdict = try await verify()
        #expect(verdict.defects == [] && verdict.records == 4 && verdict.dropped == 0)
        await #expect(throws: StoreError.self) {
            try await world.store.write { _ = try $0.execute("DELETE FROM audit WHERE sequence = 1") }
        }
    }

    @Test func `a chain that begins late without a record of it is a defect`() async throws {
        try await write(3)
        let checkpoint = try await sign()
        try await write(1)
        try await sign()
        try await world.store.write { transaction in
            _ = try transaction.execute(
                "INSERT INTO audit_bases VALUES ('main', ?1, ?2)", checkpoint.sequence, checkpoint.hash.stored)
            _ = try transaction.execute("DELETE FROM audit WHERE sequence <= ?1", checkpoint.sequence)
        }
        #expect(try await verify().defects == [AuditDefect(.cutOff, checkpoint.sequence)])
    }

    @Test func `a user's personal fields can be erased, with a record, and the chain stays valid`() async throws {
        try await write(2)
        let other = User(name: "Bo", createdAt: World.start)
        try await world.store.write { transaction in
            _ = try transaction.users.insert(other)
            _ = try transaction.audit.append(
                AuditEntry(
                    .personSignedIn, at: World.start, actor: .person(other.id), user: other.id, initiator: .human,
                    address: "192.0.2.1"))
        }
        let user = world.user.id
        #expect(
            try await world.store.write { try $0.audit.retention.erase(.user(user), by: admin, at: World.start) } == 4)
        let verdict = try await verify()
        #expect(verdict.defects == [] && verdict.erased == 2)
        let entries = try await world.store.read { try $0.audit.tail() }.map(\.entry)
        #expect(entries.first?.action == .auditErased && entries.first?.user == user)
        #expect(entries.last?.explanation == nil && entries.last?.address == nil)
        #expect(entries.last?.actor == .admin(uid: 7, claimed: "grace"))
        #expect(entries[1].address == "192.0.2.1")
        // A second time there is nothing, and nothing is written.
        #expect(
            try await world.store.write { try $0.audit.retention.erase(.user(user), by: admin, at: World.start) } == 0)
        #expect(try await verify().records == verdict.records)
        try world.store.close()
        let bytes = try Data(contentsOf: URL(filePath: world.folder.database))
        for text in ["moved to Ghent", "2001:db8::7"] { #expect(bytes.range(of: Data(text.utf8)) == nil) }
        #expect(bytes.range(of: Data("192.0.2.1".utf8)) != nil)
    }

    @Test func `the record of an erasure does not hold the erased name of its administrator`() async throws {
        try await write(2)
        let grace = AuditActor.admin(uid: 7, claimed: "grace")
        #expect(
            try await world.store.write { try $0.audit.retention.erase(.claimed("grace"), by: grace, at: World.start) }
                == 2)
        let verdict = try await verify()
        #expect(verdict.defects == [] && verdict.erased == 2)
        let entries = try await world.store.read { try $0.audit.tail().map(\.entry) }
        #expect(entries.allSatisfy { $0.actor == .admin(uid: 7, claimed: nil) })
    }

    @Test func `the name that an administrator claimed can be erased alone`() async throws {
        try await write(2)
        #expect(
            try await world.store.write { try $0.audit.retention.erase(.claimed("grace"), by: admin, at: World.start) }
                == 2)
        let verdict = try await verify()
        #expect(verdict.defects == [] && verdict.erased == 2)
        let oldest = try await world.store.read { try $0.audit.tail().last?.entry }
        #expect(oldest?.actor == .admin(uid: 7, claimed: nil) && oldest?.explanation == "Ana moved to Ghent")
    }
}

extension Transaction {
    fileprivate func rows(_ table: StaticString) throws -> Int64? {
        try first("SELECT count(*) FROM \(table)") { try $0.integer(0) }
    }
}
