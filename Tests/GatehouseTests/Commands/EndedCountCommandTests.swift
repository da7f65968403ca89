import GRDB
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("The number of revoked sessions in the output")
struct EndedCountCommandTests {
    @Test(arguments: EndingCommandTests.commands)
    func `--json contains the number of revoked sessions`(
        _ command: (words: [String], ended: Set<String>, reason: String)
    ) async throws {
        try await SessionWorld.play { world in
            let run = try await world.gatehouse(command.words + ["--yes", "--json"])
            let row = try run.json().object
            #expect(row?["sessions_ended"]?.integer == Int64(command.ended.count), "\(run.output)")
            #expect(try await world.live().isDisjoint(with: command.ended))
        }
    }

    @Test func `the number can be zero, and a command that revokes no sessions has no such field`() async throws {
        try await SessionWorld.play { world in
            let none = try await world.gatehouse("clients", "block", "other.example", "--json").json().object
            #expect(none?["sessions_ended"]?.integer == 0)
            for words in [
                ["clients", "allow", "good.example"],
                ["resources", "policy", SessionWorld.resource, "--idle-limit", "1d"],
                ["users", "passwd", "ada", "--password-stdin"],
            ] {
                let run = try await world.gatehouse(words + ["--json"], input: "correct horse battery\n")
                let row = try run.json().object
                #expect(run.status == 0 && row != nil && row?["sessions_ended"] == nil, "\(run.output)\(run.errors)")
            }
            #expect(try await world.live().count == SessionWorld.approvals.count)
        }
    }

    @Test func `users passwd --revoke-sessions prints the number`()
        async throws
    {
        try await SessionWorld.play { world in
            let changed = try await world.gatehouse(
                "users", "passwd", "ada", "--revoke-sessions", "--password-stdin", "--json",
                input: "correct horse battery\n"
            ).json().object
            #expect(changed?["sessions_ended"]?.integer == 1)
            let keys = try await world.gatehouse("keys", "rotate", "tokens", "--now", "--yes", "--json").json().array
            #expect(keys?.contains { $0.object?["sessions_ended"] != nil } == false)
        }
    }

    @Test func `keys rotate refresh --now prints the number once, in the row of the active key`() async throws {
        try await SessionWorld.play { world in
            // The sessions of this world depend on the ring's own key.
            let list = try await world.gatehouse("keys", "list", "--json").json().array?.compactMap(\.object) ?? []
            let key = try #require(list.first { $0["purpose"] == "refresh" }?["id"]?.string)
            let beside = try DatabaseQueue(path: world.gatehouse.stage.path("var/gatehouse.sqlite"))
            try await beside.write { db in
                try db.execute(sql: "UPDATE sessions SET refresh_key = ?", arguments: [key])
            }
            try beside.close()
            let run = try await world.gatehouse("keys", "rotate", "refresh", "--now", "--yes", "--json")
            let rows = try run.json().array?.compactMap(\.object) ?? []
            #expect(rows.filter { $0["sessions_ended"] != nil }.count == 1, "\(run.output)\(run.errors)")
            let new = rows.first { $0["state"] == "active" }
            #expect(new?["sessions_ended"]?.integer == Int64(SessionWorld.approvals.count))
            #expect(try await world.live().isEmpty)
        }
    }
}
