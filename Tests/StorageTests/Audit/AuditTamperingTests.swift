import Foundation
import GRDB
import JOSE
import OAuth
import Testing

@testable import Storage

/// What somebody does who can write the file and knows how it is made, but has no key.
@Suite("Tampering with the audit trail")
struct AuditTamperingTests {
    private let world: World
    private let key = SigningKey.generate()
    private let admin = AuditActor.admin(uid: 7, claimed: "root")

    init() async throws { world = try await World() }

    private var reports: AuditChainName { .reported(world.resource.id) }

    /// A record on the person's behalf by an admin who claims a name, with a text; gives its number.
    @discardableResult
    private func write(by claimed: String = "grace", at seconds: Int64 = 0) async throws -> Int64 {
        try await world.store.write { [user = world.user.id] in
            try $0.audit.append(
                AuditEntry(
                    .userDisabled, at: World.start + seconds, actor: .admin(uid: 7, claimed: claimed), user: user,
                    initiator: .human, explanation: "left the company")
            ).sequence
        }
    }

    private func report(at seconds: Int64 = 0) async throws {
        let entry = ReportedEntry(
            .formAsked, at: World.start + seconds, by: world.resource.id, user: world.user.id, initiator: .server,
            explanation: "tool pay")
        guard case .recorded = try await world.store.write({ try $0.audit.reports.append(entry) }) else {
            throw Refused()
        }
    }

    @discardableResult
    private func sign(_ chain: AuditChainName = .main, at seconds: Int64 = 0) async throws -> AuditCheckpoint {
        try await world.store.write { [key] transaction in
            if chain == .main { _ = try transaction.audit.append(.auditKeyUsed(key.kid, at: World.start)) }
            guard let head = try transaction.audit.head(chain) else { throw Refused() }
            let checkpoint = try AuditCheckpoint(
                chain, sequence: head.sequence, hash: head.hash, at: World.start + seconds, with: key)
            guard try transaction.audit.checkpoints.insert(checkpoint) else { throw Refused() }
            return checkpoint
        }
    }

    private func erase(_ erasure: AuditErasure) async throws -> Int64 {
        let count = try await world.store.write { [admin] in
            try $0.audit.retention.erase(erasure, by: admin, at: World.start)
        }
        #expect(count > 0)
        return try await world.store.read { try $0.audit.tail(limit: 1).first?.sequence } ?? 0
    }

    /// Erases a field as the server does, but by the word of a record that is about something else.
    private func hide(_ field: String, of sequence: Int64, in chain: String = "main", by record: Int64) -> String {
        """
        UPDATE audit_personal SET salt = NULL, value = NULL, erased_by = \(record)
        WHERE chain = '\(chain)' AND sequence = \(sequence) AND field = '\(field)'
        """
    }

    private func verify(signed: [AuditCheckpoint] = []) async throws -> [AuditDefect] {
        let keys = VerificationKeySet([key.verification])
        return try await world.store.read { try $0.audit.verify(trusted: keys, signed: signed) }.defects
    }

    /// Changes the file behind Gatehouse's back, and says what is found then; before that nothing is.
    private func tamper(_ sql: String) async throws -> [AuditDefect] {
        #expect(try await verify() == [])
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
        let keys = VerificationKeySet([key.verification])
        let defects = try await store.read { try $0.audit.verify(trusted: keys) }.defects
        try store.close()
        return defects
    }

    @Test func `the deletion of all reports is a defect while a checkpoint of them is left`() async throws {
        for _ in 0..<3 { try await report() }
        try await sign()
        try await sign(reports)
        #expect(
            try await tamper("DELETE FROM audit_reported") == [AuditDefect(.missing(through: 3), 1, in: reports)])
    }

    @Test func `without the main chain nothing vouches for the others`() async throws {
        try await report()
        try await sign()
        try await sign(reports)
        #expect(
            try await tamper("DELETE FROM audit; DELETE FROM audit_checkpoints WHERE chain = 'main'")
                == [AuditDefect(.unknownKey, 1, in: reports)])
    }

    @Test func `a server that signed the last checkpoint misses it, and the records that it covers`()
        async throws
    {
        for _ in 0..<2 { try await write() }
        let first = try await sign()
        try await write()
        let last = try await sign()
        #expect(try await verify(signed: [last]) == [])
        try await world.store.write { _ = try $0.execute("DELETE FROM audit_checkpoints WHERE sequence > 3") }
        #expect(try await verify(signed: [last]) == [AuditDefect(.checkpointGone, last.sequence)])
        // Another process cannot know of it; the line in the log does.
        #expect(try await verify(signed: [first]) == [])
    }

    @Test func `two swapped checkpoints are two defects`() async throws {
        try await write()
        try await sign()
        try await write()
        try await sign()
        let defects = try await tamper(
            """
            UPDATE audit_checkpoints SET sequence = 99 WHERE sequence = 2;
            UPDATE audit_checkpoints SET sequence = 2 WHERE sequence = 4;
            UPDATE audit_checkpoints SET sequence = 4 WHERE sequence = 99
            """)
        #expect(defects == [AuditDefect(.checkpoint, 2), AuditDefect(.checkpoint, 4), AuditDefect(.noCheckpoint, 2)])
    }

    @Test func `a record behind the last checkpoint cannot be altered alone`() async throws {
        try await write()
        try await sign()
        let last = try await write()
        #expect(
            try await tamper("UPDATE audit SET action = 'user.enabled' WHERE sequence = \(last)")
                == [AuditDefect(.altered, last)])
    }

    @Test func `a key that only an unsigned record names is not trusted`() async throws {
        try await report()
        try await sign()
        let (forger, chain) = (SigningKey.generate(), reports)
        try await world.store.write { transaction in
            _ = try transaction.audit.append(.auditKeyUsed(forger.kid, at: World.start))
            guard let head = try transaction.audit.head(chain) else { throw Refused() }
            let forged = try AuditCheckpoint(
                chain, sequence: head.sequence, hash: head.hash, at: World.start, with: forger)
            guard try transaction.audit.checkpoints.insert(forged) else { throw Refused() }
        }
        #expect(try await verify() == [AuditDefect(.unknownKey, 1, in: chain)])
        // Once Gatehouse has signed the record, it takes the key for its own: an export tells its thumbprint.
        try await sign()
        #expect(try await verify() == [])
    }

    @Test func `a user id cannot be added to a record of another actor`() async throws {
        let checkpoint = try await sign()
        #expect(
            try await tamper("UPDATE audit SET admin_uid = 8 WHERE sequence = \(checkpoint.sequence)")
                == [AuditDefect(.altered, checkpoint.sequence)])
    }

    @Test func `two swapped personal fields are a defect of both records`() async throws {
        let (one, other) = (try await write(by: "grace"), try await write(by: "heidi"))
        let defects = try await tamper(
            """
            UPDATE audit_personal SET sequence = 99 WHERE sequence = \(one) AND field = 'claimed';
            UPDATE audit_personal SET sequence = \(one) WHERE sequence = \(other) AND field = 'claimed';
            UPDATE audit_personal SET sequence = \(other) WHERE sequence = 99
            """)
        #expect(defects == [AuditDefect(.personal, one), AuditDefect(.personal, other)])
    }

    @Test func `the erasure of a user's fields does not hide the deletion of an administrator's name`()
        async throws
    {
        let place = try await write()
        let erased = try await erase(.user(world.user.id))
        #expect(
            try await tamper(hide("claimed", of: place, by: erased)) == [
                AuditDefect(.personal, place), AuditDefect(.erasedBeyond, erased),
            ])
    }

    @Test func `the erasure of one administrator's name does not hide the deletion of another's, nor of a later one`()
        async throws
    {
        try await write(by: "grace")
        let place = try await write(by: "mallory")
        let erased = try await erase(.claimed("grace"))
        #expect(try await tamper(hide("claimed", of: place, by: erased)) == [AuditDefect(.erasedBeyond, erased)])
        let other = try await AuditTamperingTests()
        try await other.write(by: "grace")
        let earlier = try await other.erase(.claimed("grace"))
        let later = try await other.write(by: "mallory")
        let defects = try await other.tamper(hide("claimed", of: later, by: earlier))
        #expect(defects == [AuditDefect(.personal, later), AuditDefect(.erasedBeyond, earlier)])
    }

    @Test func `an erasure does not hide the deletion of later reports, even when its record was dropped`()
        async throws
    {
        try await report()
        let erased = try await erase(.user(world.user.id))
        try await report()
        let chain = world.resource.id.string
        let other = try await AuditTamperingTests()
        #expect(
            try await tamper(hide("explanation", of: 2, in: chain, by: erased)) == [
                AuditDefect(.erasedBeyond, erased)
            ])
        try await other.report()
        let dropped = try await other.erase(.user(other.world.user.id))
        let mark = AuditPruneMark(try await other.sign(at: 10))
        let isShortened = try await other.world.store.write { [admin] in
            try $0.audit.retention.shorten(to: [mark], by: admin, at: World.start + 10)
        }
        #expect(isShortened)
        while try await other.world.store.write({ try $0.audit.retention.drop(limit: 100) }) > 0 {}
        try await other.sign(at: 10)
        try await other.report(at: 11)
        let place = other.hide("explanation", of: 2, in: other.world.resource.id.string, by: dropped)
        #expect(try await other.tamper(place) == [AuditDefect(.personal, 2, in: other.reports)])
    }
}
