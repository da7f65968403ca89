import Foundation
import GRDB
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("A start after an interrupted key replacement that cannot be finished")
struct UnfinishedStartTests {
    /// A stopped server with sessions and a sealed connection, whose keys of a purpose are ended in the folder only.
    private static func play(
        _ purpose: KeyRing.Purpose, breaking statements: [String],
        _ test: (RunningGatehouse, Stage, _ old: String) async throws -> Void
    ) async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            await gatehouse.process.stop()
            let ring = try stage.ring()
            let store = try Store(path: stage.path("var/gatehouse.sqlite"))
            try await stage.plant(3, on: ring.secret(.refresh).id, in: store)
            try store.close()
            let database = try DatabaseQueue(path: stage.path("var/gatehouse.sqlite"))
            try await database.write { db in
                for statement in statements { try db.execute(sql: statement) }
            }
            try database.close()
            let old = try ring.replace(purpose, now: Int64(Date().timeIntervalSince1970))
            try await test(gatehouse, stage, try #require(old.last))
        }
    }

    private static func live(_ stage: Stage) async throws -> Int {
        let database = try DatabaseQueue(path: stage.path("var/gatehouse.sqlite"))
        defer { try? database.close() }
        return try await database.read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM sessions WHERE state = 'active'") ?? 0
        }
    }

    @Test func `another unfinished revocation prevents neither the start nor the revocation of these sessions`()
        async throws
    {
        let ending = """
            INSERT INTO endings (id, filter, reason, initiator, actor, last_row, after_created_at, after_id, started_at)
            VALUES ('x', '{"nonsense":1}', 'revoked_by_admin', 'admin', 'system', 9, 0, '\(SessionID.random())', 1)
            """
        try await Self.play(.secret(.refresh), breaking: [ending]) { gatehouse, stage, old in
            let served = try await gatehouse.restarted()
            #expect(try stage.log("gatehouse").contains("an interrupted revocation of sessions cannot be finished"))
            #expect(try await served.json(["sessions", "list", "--state", "active"]).array?.isEmpty == true)
            await served.process.stop()
            #expect(try stage.ring().ended(.secret(.refresh)).isEmpty)
            #expect(try stage.ring().past().map(\.id) == [old])
        }
    }

    @Test
    func
        `a session that cannot be revoked does not stop the others, log and doctor name it, and the server tries again`()
        async throws
    {
        let broken = "UPDATE sessions SET scope = '\"' WHERE rowid = 2"
        try await Self.play(.secret(.refresh), breaking: [broken]) { gatehouse, stage, old in
            let served = try await gatehouse.restarted()
            let log = try stage.log("gatehouse")
            #expect(log.contains("replacement of keys is unfinished") && log.contains("cannot be revoked"))
            let doctor = try await served.command(["doctor"])
            #expect(doctor.status == 1, "\(doctor.output)")
            #expect(doctor.output.contains("The refresh keys \(old) were ended"))
            await served.process.stop()
            #expect(try await Self.live(stage) == 1)
            #expect(try stage.ring().ended(.secret(.refresh)) == [old], "it is not forgotten")
            let database = try DatabaseQueue(path: stage.path("var/gatehouse.sqlite"))
            try await database.write { try $0.execute(sql: "UPDATE sessions SET scope = '' WHERE rowid = 2") }
            try database.close()
            let again = try await served.restarted()
            await again.process.stop()
            #expect(try await Self.live(stage) == 0)
            #expect(try stage.ring().ended(.secret(.refresh)).isEmpty)
        }
    }

    @Test func `a missing refresh key that was never ended still prevents the start`() async throws {
        try await Self.play(.secret(.form), breaking: ["UPDATE sessions SET refresh_key = 'elsewhere'"]) {
            gatehouse, _, _ in
            let refused = try await gatehouse.command(["serve"])
            #expect(refused.status == 1 && refused.errors.contains("refresh key elsewhere is missing"))
            #expect(refused.errors.contains("gatehouse sessions revoke --all"))
        }
    }
}
