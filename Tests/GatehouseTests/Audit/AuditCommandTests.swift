import Foundation
import GRDB
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("The audit commands")
struct AuditCommandTests {
    /// A database with some records of commands.
    private static func play(_ test: @escaping (CommandLineProgram) async throws -> Void) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for name in ["ana", "bo"] {
                let added = try await gatehouse(
                    "users", "add", name, "--password-stdin", input: "correct horse battery\n")
                #expect(added.status == 0)
            }
            let sudo = ["SUDO_USER": "grace-hopper"]
            for host in ["one.example", "two.example"] {
                #expect(try await gatehouse("clients", "allow", host, environment: sudo).status == 0)
            }
            try await test(gatehouse)
        }
    }

    private static func export(_ gatehouse: CommandLineProgram, _ more: String...) async throws -> String {
        let path = gatehouse.stage.path("export-\(UInt32.random(in: .min ... .max)).jsonl")
        let run = try await gatehouse(["audit", "export", path] + more)
        #expect(run.status == 0, "\(run.errors)")
        return path
    }

    /// Writes 4,000 records, more than a megabyte of export.
    private static func lengthen(_ database: String) async throws {
        let store = try Store(path: database)
        try await store.write { transaction in
            for _ in 0..<4_000 {
                _ = try transaction.audit.append(
                    AuditEntry(
                        .sessionEnded, at: Timestamp(seconds: 1), actor: .system, reason: "an old one",
                        initiator: .system))
            }
        }
        try store.close()
    }

    private static func lines(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test func `an export verifies without a database, and every manipulation is named`() async throws {
        try await Self.play { gatehouse in
            let path = try await Self.export(gatehouse)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let sound = try #require(try await gatehouse("audit", "verify", path, "--json").json().object)
            #expect(sound["verified"] == true && sound["records"] == 6 && sound["checkpointed"] == 6)
            let lines = try Self.lines(path)
            let record = try #require(lines.firstIndex { $0.contains(#""sequence":3,"#) })
            let edits: [(String, ([String]) -> [String], String)] = [
                ("flip", { $0.map { $0.replacing("two.example", with: "odd.example") } }, "record 4 was altered"),
                ("drop", { Array($0[..<record] + $0[(record + 1)...]) }, "cut off"),
                (
                    "swap",
                    {
                        var l = $0
                        l.swapAt(record, record + 1)
                        return l
                    }, "record 4 does not follow"
                ),
                (
                    "name", { $0.map { $0.replacing("grace-hopper", with: "grace-kelly") } },
                    "personal fields of record 3"
                ),
                ("cut", { Array($0.dropLast(2)) }, "cut off"),
            ]
            for (name, edit, sentence) in edits {
                let other = gatehouse.stage.path("\(name).jsonl")
                try (edit(lines).joined(separator: "\n") + "\n").write(toFile: other, atomically: true, encoding: .utf8)
                let run = try await gatehouse("audit", "verify", other)
                #expect(run.status == 1 && run.errorLines.count == 1, "\(name)")
                #expect(
                    run.errors.contains(sentence) || name == "swap" && run.errors.contains("missing"),
                    "\(name): \(run.errors)")
            }
            #expect(try await gatehouse("audit", "verify", "/dev/null").errors.contains("no export"))
            #expect(
                try await gatehouse("audit", "verify", gatehouse.stage.path("none")).errors.contains(
                    gatehouse.stage.path("none")))
            #expect(try await gatehouse("audit", "export", path).errors.contains("is not overwritten"))
        }
    }

    @Test func `an independent program of twenty lines verifies an export`() async throws {
        try await Self.play { gatehouse in
            let path = try await Self.export(gatehouse)
            let page = try String(contentsOfFile: Workspace.root + "/docs/audit.md", encoding: .utf8)
            let start = try #require(page.range(of: "```python\n"))
            let end = try #require(page.range(of: "```", range: start.upperBound..<page.endIndex))
            let script = String(page[start.upperBound..<end.lowerBound])
            #expect(script.split(separator: "\n").count <= 24)
            let program = try gatehouse.stage.write(script, to: "check.py")
            func check(_ file: String) async throws -> Int32 {
                let child = try ChildProcess(
                    try Workspace.python(), [program, file], environment: [:], input: Pipe(),
                    output: gatehouse.stage.logFile("py"), errors: gatehouse.stage.logFile("py-errors"))
                gatehouse.stage.adopt(child)
                return try await child.end()
            }
            #expect(try await check(path) == 0)
            for (from, to) in [("two.example", "odd.example"), ("grace-hopper", "grace-kelly")] {
                let text = try String(contentsOfFile: path, encoding: .utf8).replacing(from, with: to)
                let other = try gatehouse.stage.write(text, to: "other.jsonl")
                #expect(try await check(other) != 0, "\(from)")
            }
        }
    }

    @Test func `exported records can be dropped up to a checkpoint, and the rest verifies`()
        async throws
    {
        try await Self.play { gatehouse in
            let none = gatehouse.stage.path("none.jsonl")
            let young = try await gatehouse("audit", "export", none, "--drop-before", "365d")
            #expect(young.status == 0 && young.output.contains("Nothing was deleted"))
            let mixed = try await gatehouse("audit", "export", none, "--user", "ana", "--drop-before", "0s")
            #expect(mixed.status == 2)
            let path = gatehouse.stage.path("old.jsonl")
            let made = try await gatehouse("audit", "export", path, "--drop-before", "0s", "--yes", "--json")
            #expect(try made.json().object?["dropped"]?.integer ?? 0 >= 6, "\(made.errors)")
            let verified = try #require(try await gatehouse("audit", "verify", "--json").json().object)
            #expect(verified["verified"] == true && verified["dropped"]?.integer ?? 0 >= 6)
            #expect(try await gatehouse("audit", "verify", path).status == 0)
            let later = try await Self.export(gatehouse)
            #expect(try await gatehouse("audit", "verify", later).status == 0)
            let actions = try #require(try await gatehouse("audit", "tail", "--json").json().array)
                .compactMap { $0.object?["action"]?.string }
            #expect(actions.contains("audit.dropped") && !actions.contains("user.added"))
        }
    }

    @Test func `an export to a full disk fails with one line, leaves no file and drops nothing`() async throws {
        try await Self.play { gatehouse in
            try await Self.lengthen(gatehouse.stage.path("var/gatehouse.sqlite"))
            let configuration = try gatehouse.stage.write(
                "templates: \(Workspace.root)/templates", to: "gatehouse.yaml")
            let path = gatehouse.stage.path("big.jsonl")
            // A limit of the file size stands for a full disk: the same write fails at the same place.
            let size = try #require(
                FileManager.default.attributesOfItem(atPath: gatehouse.stage.path("var/gatehouse.sqlite"))[.size]
                    as? Int)
            let script = """
                trap '' XFSZ; ulimit -f \((size + 300_000) / 1024)
                exec "$0" audit export "$1" --drop-before 0s --yes
                """
            let child = try ChildProcess(
                "/bin/bash", ["-c", script, try Workspace.program("gatehouse"), path],
                environment: ["GATEHOUSE_CONFIG": configuration, "PATH": "/usr/bin:/bin"], input: Pipe(),
                output: gatehouse.stage.logFile("full"), errors: gatehouse.stage.logFile("full-errors"))
            gatehouse.stage.adopt(child)
            #expect(try await child.end() == 1)
            let errors = try gatehouse.stage.log("full-errors")
            #expect(errors.split(separator: "\n").count == 1 && errors.contains("Nothing was deleted"), "\(errors)")
            #expect(!FileManager.default.fileExists(atPath: path))
            let left = try FileManager.default.contentsOfDirectory(atPath: gatehouse.stage.path("var"))
            #expect(left.allSatisfy { !$0.hasSuffix(".jsonl") }, "\(left)")
            let verified = try #require(try await gatehouse("audit", "verify", "--json").json().object)
            #expect(verified["dropped"] == 0 && verified["records"]?.integer ?? 0 >= 4_004)
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible), arguments: [false, true])
    func `an export that fills its disk leaves no file and drops nothing`(
        isServing: Bool
    ) async throws {
        let disk = try SmallDisk(megabytes: 1)
        defer { disk.unmount() }
        func expectFailure(_ status: Int32, _ errors: String) throws {
            #expect(status == 1)
            #expect(errors.split(separator: "\n").count == 1 && errors.contains("No space left"), "\(errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == [])
        }
        let command = ["audit", "export", disk.path + "/big.jsonl", "--drop-before", "0s", "--yes"]
        try await Stage.play { stage in
            let database = stage.path("var/gatehouse.sqlite")
            if isServing {
                let first = try await RunningGatehouse.start(on: stage)
                await first.process.stop()
                try await Self.lengthen(database)
                let gatehouse = try await first.restarted()
                let run = try await gatehouse.command(command)
                try expectFailure(run.status, run.errors)
                #expect(try await gatehouse.object(["audit", "verify"])["dropped"] == 0)
            } else {
                let gatehouse = CommandLineProgram(stage: stage)
                #expect(try await gatehouse("db", "init").status == 0)
                try await Self.lengthen(database)
                let run = try await gatehouse(command)
                try expectFailure(run.status, run.errors)
                #expect(run.errors.contains(disk.path + "/big.jsonl"))
                let verified = try #require(try await gatehouse("audit", "verify", "--json").json().object)
                #expect(verified["dropped"] == 0 && verified["records"]?.integer ?? 0 >= 4_000)
            }
        }
    }

    @Test func `filters narrow the list, and a filter without matches prints a remark`() async throws {
        try await Self.play { gatehouse in
            func actions(_ filter: String...) async throws -> [String] {
                let run = try await gatehouse(["audit", "tail", "--json"] + filter)
                return try (run.json().array ?? []).compactMap { $0.object?["action"]?.string }
            }
            #expect(try await actions("--user", "ana") == ["user.added"])
            #expect(try await actions("--action", "client") == ["client.allowed", "client.allowed"])
            #expect(try await actions("--action", "client.allowed", "--count", "1") == ["client.allowed"])
            #expect(try await actions("--action", "clien") == [])
            #expect(try await actions("--since", "1h").count == 4)
            #expect(try await actions("--until", "2020-01-01") == [])
            #expect(try await actions("--evidence", "reported") == [])
            #expect(try await actions("--initiator", "human").count == 4)
            #expect(
                try await gatehouse("audit", "tail", "--initiator", "model").output.contains("No matching records."))
            #expect(try await gatehouse("audit", "tail", "--user", "nobody").status == 1)
            #expect(try await gatehouse("audit", "tail", "--since", "soon").status == 2)
            #expect(try await gatehouse("audit", "tail", "--evidence", "hearsay").status == 2)
            let selection = try await Self.export(gatehouse, "--user", "ana")
            #expect(try Self.lines(selection).filter { $0.contains(#""kind":"record""#) }.count == 1)
            let verified = try await gatehouse("audit", "verify", selection)
            #expect(verified.status == 0 && verified.output.contains("selection"))
        }
    }

    @Test func `personal data is erased on demand, and the trail still verifies`() async throws {
        try await Self.play { gatehouse in
            #expect(try await gatehouse("audit", "erase", "--claimed", "grace-hopper").status == 2)
            #expect(try await gatehouse("audit", "erase", "--yes").status == 2)
            #expect(try await gatehouse("audit", "erase", "--claimed", "nobody", "--yes").status == 1)
            #expect(try await gatehouse("audit", "erase", "--claimed", "grace-hopper", "--yes").status == 0)
            #expect(try await gatehouse("audit", "verify").status == 0)
            let path = try await Self.export(gatehouse)
            #expect(try await gatehouse("audit", "verify", path).status == 0)
            #expect(try !Self.lines(path).contains { $0.contains("grace-hopper") })
            let file = try Data(contentsOf: URL(filePath: gatehouse.stage.path("var/gatehouse.sqlite")))
            #expect(file.range(of: Data("grace-hopper".utf8)) == nil)
        }
    }

    @Test func `a record that was altered in the database is named by its number`() async throws {
        try await Self.play { gatehouse in
            let queue = try DatabaseQueue(path: gatehouse.stage.path("var/gatehouse.sqlite"))
            try await queue.writeWithoutTransaction { db in
                try db.execute(
                    sql: """
                        DROP TRIGGER audit_is_kept; DROP TRIGGER audit_is_not_edited;
                        DELETE FROM audit WHERE sequence = 2; UPDATE audit SET reason = 'x' WHERE sequence = 4
                        """)
            }
            try queue.close()
            let run = try await gatehouse("audit", "verify")
            #expect(run.status == 1)
            #expect(run.errors.contains("record 2 is missing; record 4 was altered"))
            // A damaged trail can be exported, but not dropped.
            let path = gatehouse.stage.path("broken.jsonl")
            let dropped = try await gatehouse("audit", "export", path, "--drop-before", "0s", "--yes")
            #expect(dropped.status == 1 && dropped.errors.contains("record 2 is missing"))
            let records = try #require(try await gatehouse("audit", "tail", "--json").json().array)
            #expect(records.count == 4)
        }
    }
}
