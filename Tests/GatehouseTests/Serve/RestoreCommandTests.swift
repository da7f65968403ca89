import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("A database that is older than the checkpoints in the keys folder")
struct RestoreCommandTests {
    /// Replaces the database by a copy, as an attacker who can write the data folder but not the keys folder.
    private static func put(_ copy: String, on stage: Stage) throws {
        let database = stage.path("var/gatehouse.sqlite")
        for path in [database, database + "-wal", database + "-shm"] where FileManager.default.fileExists(atPath: path)
        {
            try FileManager.default.removeItem(atPath: path)
        }
        try FileManager.default.copyItem(atPath: copy, toPath: database)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: database)
    }

    /// A stopped server, and a copy of its database from before its last signed checkpoint.
    private static func play(_ test: (RunningGatehouse, Stage, String) async throws -> Void) async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let copy = stage.path("copy.sqlite")
            _ = try await gatehouse.object(
                ["users", "add", "ada", "--password-stdin"], input: "correct horse battery\n")
            _ = try await gatehouse.object(["audit", "export", stage.path("one.jsonl")])
            _ = try await gatehouse.object(["db", "backup", copy])
            _ = try await gatehouse.object(
                ["users", "add", "bo", "--password-stdin"], input: "correct horse battery\n")
            _ = try await gatehouse.object(["audit", "export", stage.path("two.jsonl")])
            await gatehouse.process.stop()
            try await test(gatehouse, stage, copy)
        }
    }

    @Test func `serve refuses it, doctor and verify report it, and accepting it is a record with both hashes`()
        async throws
    {
        try await Self.play { gatehouse, stage, copy in
            let last = try await gatehouse.json(["audit", "tail"]).array?.last?.object
            let known = try #require(last?["hash"]?.string)
            #expect(try await gatehouse.command(["audit", "accept-restore", "--reason", "for nothing"]).status == 1)
            try Self.put(copy, on: stage)
            let refused = try await gatehouse.command(["serve"])
            #expect(refused.status == 1 && refused.errors.contains("older than the checkpoints"))
            #expect(refused.errors.contains("gatehouse audit accept-restore --reason"))
            #expect(try await gatehouse.command(["doctor"]).output.contains("older than the checkpoints"))
            let verified = try await gatehouse.command(["audit", "verify"])
            #expect(verified.status == 1 && verified.errors.contains("is gone"))
            let head = try #require(try await gatehouse.json(["audit", "tail"]).array?.last?.object?["hash"]?.string)
            #expect(try await gatehouse.command(["audit", "accept-restore"]).status == 2)
            _ = try await gatehouse.json(["audit", "accept-restore", "--reason", "the disk of Monday"])
            let records = try await gatehouse.json(["audit", "tail", "--action", "audit.restore_accepted"]).array
            let record = try #require(records?.last?.object)
            #expect(records?.count == 1 && record["explanation"] == "the disk of Monday")
            #expect(
                record["reason"]?.string?.contains(known) == true && record["reason"]?.string?.contains(head) == true)
            let served = try await gatehouse.restarted()
            #expect(try await served.object(["audit", "verify"])["verified"] == true)
            #expect(try await served.json(["users", "list"]).array?.count == 1)
        }
    }

    /// Commands that would change a database on which no server starts.
    static let writing: [[String]] = [
        ["users", "add", "eve", "--password-stdin"], ["users", "disable", "ada"],
        ["users", "passwd", "ada", "--password-stdin"],
        ["clients", "add", "--name", "A", "--redirect-uri", "http://127.0.0.1/"], ["clients", "block", "bad.example"],
        ["clients", "allow", "good.example"],
        ["resources", "add", "https://files.example/mcp", "--name", "Files", "--owner", "Team"],
        ["sessions", "revoke", "--user", "ada"], ["sessions", "revoke", "--all", "--yes"], ["keys", "rotate"],
        ["keys", "rotate", "tokens", "--now"], ["audit", "erase", "--user", "ada", "--yes"],
        ["audit", "export", "out.jsonl"], ["db", "backup", "out.sqlite"],
    ]

    @Test func `without a server commands that write are refused, and commands that read are not`()
        async throws
    {
        try await Self.play { gatehouse, stage, copy in
            try Self.put(copy, on: stage)
            let before = try await gatehouse.json(["audit", "tail"])
            for words in Self.writing {
                // Files go into the stage, not into the working directory of the tests.
                let words = words.map { $0.hasPrefix("out.") ? stage.path($0) : $0 }
                let run = try await gatehouse.command(words, input: "correct horse battery\n")
                #expect(run.status == 1 && run.output.isEmpty, "\(words): \(run.output)\(run.errors)")
                #expect(run.errors.contains("older than the checkpoints"), "\(words): \(run.errors)")
                #expect(run.errors.contains("gatehouse audit accept-restore --reason"))
            }
            for file in ["out.jsonl", "out.sqlite"] {
                #expect(!FileManager.default.fileExists(atPath: stage.path(file)))
            }
            for words in [
                ["users", "list"], ["resources", "list"], ["clients", "list"], ["clients", "rules", "list"],
                ["sessions", "list"], ["keys", "list"], ["events", "list"], ["report"], ["audit", "tail"],
            ] {
                #expect(try await gatehouse.command(words).status == 0, "\(words)")
            }
            #expect(try await gatehouse.json(["audit", "tail"]) == before)
            #expect(try await gatehouse.json(["users", "list"]).array?.count == 1)
            _ = try await gatehouse.json(["audit", "accept-restore", "--reason", "the disk of Monday"])
            #expect(try await gatehouse.command(["clients", "allow", "good.example"]).status == 0)
        }
    }

    @Test func `a trail that was rewritten with a foreign key is not served and never signed`() async throws {
        try await Self.play { gatehouse, stage, copy in
            try Self.put(copy, on: stage)
            // Longer than the original trail, with correct hashes and a checkpoint over everything.
            let store = try Store(path: stage.path("var/gatehouse.sqlite"))
            let key = SigningKey.generate()
            let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
            try await store.write { transaction in
                try transaction.audit.append(.auditKeyUsed(key.kid, at: now))
                for _ in 0..<20 {
                    try transaction.audit.append(
                        AuditEntry(.personSignedOut, at: now, actor: .system, initiator: .system))
                }
                let head = try #require(try transaction.audit.tail(limit: 1).first)
                let checkpoint = try AuditCheckpoint(
                    .main, sequence: head.sequence, hash: head.hash, at: now, with: key)
                #expect(try transaction.audit.checkpoints.insert(checkpoint))
            }
            try store.close()
            let refused = try await gatehouse.command(["serve"])
            #expect(refused.status == 1 && refused.errors.contains("does not match the checkpoints"))
            let verified = try await gatehouse.command(["audit", "verify"])
            #expect(verified.status == 1 && verified.errors.contains("is not the one that Gatehouse signed"))
            let dropped = try await gatehouse.command(
                ["audit", "export", stage.path("three.jsonl"), "--drop-before", "0s", "--yes"])
            #expect(dropped.status == 1)
            let after = try Store(path: stage.path("var/gatehouse.sqlite"))
            #expect(try await after.read { try $0.audit.checkpoints.last(of: .main) }?.checkpoint?.kid == key.kid)
            try after.close()
        }
    }

    @Test func `a deleted database is distinguished from a first start`() async throws {
        try await Self.play { gatehouse, stage, _ in
            try FileManager.default.removeItem(atPath: stage.path("var/gatehouse.sqlite"))
            let refused = try await gatehouse.command(["serve"])
            #expect(refused.status == 1 && refused.errors.contains("ends at record 0"))
        }
    }

    @Test func `the checkpoint of an export is logged, with and without a server`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            func lines() throws -> [JSONObject] {
                try stage.log("gatehouse").split(separator: "\n")
                    .compactMap { try? JSONObject(parsing: Array($0.utf8)) }
                    .filter { $0["message"] == "audit checkpoint" }
            }
            func head(_ gatehouse: RunningGatehouse) async throws -> JSON? {
                try await gatehouse.object(["audit", "verify"])["head"]
            }
            _ = try await gatehouse.object(
                ["users", "add", "ada", "--password-stdin"], input: "correct horse battery\n")
            _ = try await gatehouse.object(["audit", "export", stage.path("one.jsonl")])
            #expect(try await lines().last?["hash"] == head(gatehouse))
            _ = try await gatehouse.object(["users", "disable", "ada"])
            let made = try await gatehouse.object(
                ["audit", "export", stage.path("two.jsonl"), "--drop-before", "0s", "--yes"])
            #expect(made["dropped"]?.integer ?? 0 > 0)
            #expect(try await lines().last?["hash"] == head(gatehouse))
            await gatehouse.process.stop()
            let quiet = try await gatehouse.command(["audit", "export", stage.path("three.jsonl")])
            #expect(quiet.status == 0 && quiet.errors.isEmpty)
            let signed = try await head(gatehouse)
            let next = try await gatehouse.restarted()
            // The next server's log begins with the checkpoints that were signed without a server.
            await eventually { try !lines().isEmpty }
            #expect(try lines().first?["hash"] == signed)
            await next.process.stop()
            let third = try await next.restarted()
            await third.process.stop()
            #expect(try lines().isEmpty)
        }
    }
}
