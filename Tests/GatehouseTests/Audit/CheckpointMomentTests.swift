import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("Checkpoints besides the hourly one")
struct CheckpointMomentTests {
    /// Whether the last record of the trail is signed, and the checkpoint is in the keys folder.
    private static func isSigned(_ gatehouse: RunningGatehouse) async throws -> Bool {
        let verified = try await gatehouse.object(["audit", "verify"])
        guard let records = verified["records"]?.integer, records > 0 else { return false }
        return verified["checkpointed"]?.integer == records
    }

    @Test func `a withdrawal of access is signed at once, and an older database is not served`()
        async throws
    {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            for name in ["ada", "bo"] {
                _ = try await gatehouse.object(
                    ["users", "add", name, "--password-stdin"], input: "correct horse battery\n")
            }
            #expect(try await !Self.isSigned(gatehouse))
            let store = stage.path("copy.sqlite")
            _ = try await gatehouse.object(["db", "backup", store])
            #expect(try await Self.isSigned(gatehouse), "a backup")
            let requests: [([String], String)] = [
                (["users", "disable", "ada", "--yes"], ""),
                (["clients", "block", "bad.example", "--yes"], ""),
                (["users", "passwd", "bo", "--password-stdin"], "another good password\n"),
                (["keys", "rotate", "tokens", "--now", "--yes"], ""),
                (["keys", "rotate", "events", "--now", "--yes"], ""),
            ]
            for (arguments, input) in requests {
                let run = try await gatehouse.command(arguments, input: input)
                #expect(run.status == 0, "\(run.errors)")
                #expect(try await Self.isSigned(gatehouse), "\(arguments)")
            }
            // A grant of access is not signed at once.
            _ = try await gatehouse.object(
                ["users", "add", "cy", "--password-stdin"], input: "correct horse battery\n")
            #expect(try await !Self.isSigned(gatehouse))
            gatehouse.process.kill()
            _ = try await gatehouse.process.end()
            try stage.copyDatabase(from: "copy.sqlite", to: "var/gatehouse.sqlite")
            let refused = try await gatehouse.command(["serve"])
            #expect(refused.status == 1 && refused.errors.contains("older than the checkpoints"), "\(refused.errors)")
        }
    }

    @Test func `a revocation of sessions and an orderly stop sign the trail at once`() async throws {
        try await Stage.play { stage in
            let first = try await RunningGatehouse.start(on: stage)
            await first.process.stop()
            let store = try Store(path: stage.path("var/gatehouse.sqlite"))
            try await stage.plant(2, on: stage.ring().secret(.refresh).id, in: store)
            try store.close()
            let gatehouse = try await first.restarted()
            _ = try await gatehouse.json(["sessions", "revoke", "--all", "--yes"])
            #expect(try await Self.isSigned(gatehouse))
            _ = try await gatehouse.object(
                ["users", "add", "cy", "--password-stdin"], input: "correct horse battery\n")
            await gatehouse.process.stop()
            #expect(try await Self.isSigned(gatehouse))
            let kept = try String(contentsOfFile: stage.path("keys/checkpoints.json"), encoding: .utf8)
            let after = try Store(path: stage.path("var/gatehouse.sqlite"))
            let last = try #require(try await after.read { try $0.audit.checkpoints.last(of: .main) })
            try after.close()
            #expect(kept.contains(last.signed))
        }
    }

    @Test func `without a server a withdrawal of access is signed too, and each checkpoint is logged once`()
        async throws
    {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            for name in ["ada", "bo"] {
                _ = try await gatehouse.object(
                    ["users", "add", name, "--password-stdin"], input: "correct horse battery\n")
            }
            _ = try await gatehouse.object(["audit", "export", stage.path("one.jsonl")])
            await gatehouse.process.stop()
            var signed: [JSON] = []
            for name in ["ada", "bo"] {
                _ = try await gatehouse.json(["users", "disable", name, "--yes"])
                #expect(try await Self.isSigned(gatehouse))
                signed.append(try #require(try await gatehouse.object(["audit", "verify"])["head"]))
            }
            func told() throws -> [JSON] {
                try stage.log("gatehouse").split(separator: "\n")
                    .compactMap { try? JSONObject(parsing: Array($0.utf8)) }
                    .filter { $0["message"] == "audit checkpoint" }.compactMap { $0["hash"] }
            }
            let next = try await gatehouse.restarted()
            await next.process.stop()
            #expect(try told() == signed, "all of them, in their order")
            let third = try await next.restarted()
            await third.process.stop()
            #expect(try told().isEmpty)
        }
    }
}
