import Foundation
import JOSE
import OAuth
import TestSupport
import Testing

@Suite("The command line")
struct CommandLineTests {
    @Test(arguments: [
        ["bogus"], ["users", "add"], ["users", "add", "alice", "--password", "x"], ["sessions", "revoke"],
        ["sessions", "revoke", "--all", "--user", "alice"], ["sessions", "list", "--state", "asleep"],
        ["sessions", "list", "--idle-for", "soon"], ["resources", "add", "https://a.example"],
        ["resources", "add", "https://a.example", "--name", "A"], ["clients", "add", "--name", "A"],
        ["clients", "add", "--name", "A", "--redirect-uri", "https://a", "--auth", "magic"], ["db", "backup"],
        ["audit", "tail", "--count", "0"], ["sessions", "list", "--limit", "0"], ["users", "list", "--limit", "1001"],
        ["sessions", "list", "--idle-for", "7d", "--state", "ended"], ["report", "--idle-for", "long"],
        ["doctor", "reference", "--client", "https://a.example/c.json"],
    ])
    func `A usage error exits with 2 and changes nothing`(arguments: [String]) async throws {
        try await Stage.play { stage in
            let program = try ChildProcess(
                Workspace.program("gatehouse"), arguments, environment: ["GATEHOUSE_DATA": stage.path("data")],
                output: stage.logFile("out"), errors: stage.logFile("errors"))
            stage.adopt(program)
            #expect(try await program.end() == 2)
            let errors = try stage.log("errors")
            #expect(!errors.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: stage.path("data")))
        }
    }

    @Test func `Without a database a command names the path and the remedy`() async throws {
        try await Stage.play { stage in
            let run = try await CommandLineProgram(stage: stage)("users", "list")
            #expect(run.status == 1 && run.output.isEmpty && run.errorLines.count == 1)
            #expect(run.errors.contains("\(stage.directory)/var/gatehouse.sqlite"))
            #expect(run.errors.contains("'gatehouse db init'"))
        }
    }

    @Test func `An unknown configuration key fails every command and names the nearest known key`() async throws {
        try await Stage.play { stage in
            let file = try stage.write("tokens: { acess: 5m }", to: "wrong.yaml")
            for arguments in [["users", "list", "--config", file], ["--config", file, "users", "list"]] {
                let child = try ChildProcess(
                    Workspace.program("gatehouse"), arguments, output: stage.logFile("out"), errors: stage.logFile("e"))
                stage.adopt(child)
                #expect(try await child.end() == 1)
            }
            let errors = try stage.log("e")
            #expect(errors.contains("'tokens.acess'") && errors.contains("'tokens.access'"))
        }
    }

    @Test func `users add prints id, name and subject, and list shows the account`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let added = try await gatehouse(
                "users", "add", "alice", "--password-stdin", "--json", input: "secret pass\n")
            let object = try #require(try added.json().object)
            #expect(object.members.map(\.name) == ["id", "name", "subject"])
            #expect(UserID(object["id"]?.string ?? "") != nil && Subject(object["subject"]?.string ?? "") != nil)
            let again = try await gatehouse("users", "add", "ALICE", "--password-stdin", input: "secret pass\n")
            #expect(again.status == 1 && again.errorLines.count == 1 && again.errors.contains("'ALICE'"))
            let list = try await gatehouse("--json", "users", "list")
            let listed = try list.json().array?.compactMap { $0.object?["name"]?.string }
            #expect(listed == ["alice"])
            #expect(!list.output.contains("scrypt"))
            let table = try await gatehouse("users", "list")
            #expect(table.output.hasPrefix("NAME ") && table.output.contains("alice"))
        }
    }

    @Test func `A password comes from a terminal or a pipe and has a minimum length, and a user can be disabled`()
        async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let unasked = try await gatehouse("users", "add", "alice")
            #expect(unasked.status == 1 && unasked.errors.contains("--password-stdin"))
            #expect(try await gatehouse("users", "add", "alice", "--password-stdin", input: "\n").status == 1)
            #expect(try await gatehouse("users", "add", "alice", "--password-stdin", input: "eight ok\n").status == 0)
            let short = try await gatehouse("users", "passwd", "alice", "--password-stdin", input: "7 chars\n")
            #expect(short.status == 1 && short.errors.contains("8 characters"))
            #expect(
                try await gatehouse("users", "passwd", "alice", "--password-stdin", input: "another 8\n").status == 0)
            #expect(try await gatehouse("users", "disable", "alice").status == 0)
            #expect(try await gatehouse("users", "disable", "alice").errors.contains("already disabled"))
            #expect(try await gatehouse("users", "enable", "alice").status == 0)
            let unknown = try await gatehouse("users", "disable", "bob")
            #expect(unknown.status == 1 && unknown.errorLines.count == 1 && unknown.errors.hasPrefix("gatehouse: "))
            #expect(unknown.errors.contains("'bob'") && unknown.errors.contains("'gatehouse users list'"))
        }
    }

    @Test
    func `An MCP server's secret is printed once, rotated and never listed, and a removed MCP server keeps nothing`()
        async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let uri = "https://files.example.org/mcp"
            func add() async throws -> JSONObject {
                let run = try await gatehouse(
                    "resources", "add", uri, "--name", "Files", "--owner", "Team", "--scope",
                    "files:read=Read your files",
                    "--on-request", "files:write=Change your files", "--json")
                return try #require(try run.json().object, "\(run.errors)")
            }
            let first = try await add()
            #expect(first.members.map(\.name) == ["id", "resource", "client_id", "client_secret"])
            #expect(first["resource"]?.string == uri)
            #expect(try await gatehouse("resources", "add", uri, "--name", "B", "--owner", "B").status == 1)
            let shown = try #require(try await gatehouse("resources", "show", uri, "--json").json().object)
            #expect(shown["scopes"]?.strings == ["files:read", "files:write"])
            #expect(shown["on_request"]?.strings == ["files:write"])
            let rotated = try #require(try await gatehouse("resources", "rotate-secret", uri, "--json").json().object)
            #expect(rotated["client_secret"] != first["client_secret"] && rotated["id"] == first["id"])
            let listed = try await gatehouse("resources", "list", "--json").output
            #expect(!listed.contains("secret"))
            #expect(try await gatehouse("resources", "remove", uri).status == 0)
            #expect(try await gatehouse("resources", "show", uri).status == 1)
            let again = try await add()
            #expect(again["id"] != first["id"])
        }
    }

    @Test func `The reach of scopes is set, shown and validated`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let uri = "https://files.example.org/mcp"
            let scopes = ["--scope", "w=Write", "--scope", "r=Read"]
            let added = try await gatehouse(
                "resources", "add", uri, "--name", "Files", "--owner", "Team", scopes[0], scopes[1], scopes[2],
                scopes[3],
                "--implies", "w=r", "--tool", "w=put", "--tool", "w=delete", "--fresh-sign-in", "w=5m")
            #expect(added.status == 0, "\(added.errors)")
            func reach() async throws -> JSON? {
                try await gatehouse("resources", "show", uri, "--json").json().object?["scope_reach"]
            }
            let whole: JSON = [
                ["scope": "w", "implies": ["r"], "tools": ["put", "delete"], "fresh_sign_in": "5m"],
                ["scope": "r", "implies": [], "tools": [], "fresh_sign_in": .null],
            ]
            #expect(try await reach() == whole)
            let circle = try await gatehouse("resources", "policy", uri, "--implies", "r=w")
            #expect(circle.status == 1)
            #expect(circle.errorLines.count == 1 && circle.errors.contains("r → w → r"))
            for wrong in [["--tool", "w"], ["--tool", "=put"], ["--fresh-sign-in", "w=soon"]] {
                #expect(try await gatehouse("resources", "policy", uri, wrong[0], wrong[1]).status == 2)
            }
            #expect(try await reach() == whole)
            let cleared = try await gatehouse(
                "resources", "policy", uri, "--implies", "w=", "--tool", "w=", "--fresh-sign-in", "w=", "--json")
            #expect(
                try cleared.json().object?["scope_reach"]?.array?.first
                    == ["scope": "w", "implies": [], "tools": [], "fresh_sign_in": .null])
        }
    }

    @Test func `clients add prints a secret only for a method that uses one, and clients list shows rules about hosts`()
        async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let common = ["--name", "A", "--redirect-uri", "http://127.0.0.1/cb"]
            let open = try await gatehouse(
                "clients", "add", "--id", "one", common[0], common[1], common[2], common[3], "--json")
            let answer = try open.json()
            #expect(answer == ["client_id": "one"])
            let secret = try await gatehouse(
                "clients", "add", common[0], common[1], common[2], common[3], "--auth", "client_secret_basic", "--json")
            let names = try secret.json().object?.members.map(\.name)
            #expect(names == ["client_id", "client_secret"])
            #expect(try await gatehouse("clients", "add", "--name", "A", "--redirect-uri", "javascript:x").status == 1)
            #expect(try await gatehouse("clients", "block", "Evil.example").status == 0)
            let hosts = try await gatehouse("clients", "list", "--json").json().array?.compactMap {
                $0.object?["host"]?.string
            }
            #expect(hosts == ["evil.example"])
            #expect(try await gatehouse("clients", "remove", "one").status == 0)
            #expect(try await gatehouse("clients", "show", "one").status == 1)
        }
    }

    @Test func `Revoking no session at all fails, and so does an unknown name`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let none = try await gatehouse("sessions", "list", "--json").json()
            #expect(none == [])
            #expect(try await gatehouse("sessions", "revoke", "--all", "--yes").status == 1)
            let unasked = try await gatehouse("sessions", "revoke", "--all")
            #expect(unasked.status == 1 && unasked.errorLines.count == 1)
            #expect(unasked.errors.contains("No live session"))
            #expect(try await gatehouse("sessions", "list", "--user", "nobody").status == 1)
            #expect(try await gatehouse("sessions", "show", "ses_nonsense").status == 1)
        }
    }

    @Test func `Each change appends a record with the uid, and the chain verifies`()
        async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let sudo = ["SUDO_USER": "mallory\u{1B}[2J"]
            _ = try await gatehouse("clients", "allow", "good.example", environment: sudo)
            _ = try await gatehouse("keys", "rotate")
            let records = try #require(try await gatehouse("audit", "tail", "--json").json().array)
            #expect(records.compactMap { $0.object?["action"]?.string } == ["client.allowed", "key.rotated"])
            #expect(records[0].object?["actor"]?.string?.hasPrefix("admin \(geteuid()) (claims mallory") == true)
            let verified = try #require(try await gatehouse("audit", "verify", "--json").json().object)
            #expect(verified["records"] == 2)
            let table = try await gatehouse("audit", "tail").output
            #expect(!table.unicodeScalars.contains("\u{1B}"))
        }
    }

    @Test func `A backup is private and complete, and never overwrites a file`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let path = gatehouse.stage.path("copy.sqlite")
            let made = try await gatehouse("db", "backup", path, "--json")
            let file = try made.json().object?["file"]?.string
            #expect(file == path)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try await gatehouse("db", "backup", path).errors.contains("is not overwritten"))
            let left = try FileManager.default.contentsOfDirectory(atPath: gatehouse.stage.directory)
            #expect(left.filter { $0.hasPrefix(".gatehouse-backup") } == [])
            #expect(try await gatehouse("db", "check").status == 0)
        }
    }

    @Test func `keys list shows purpose and state, and no key material`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            #expect(try await gatehouse("keys", "rotate", "refresh").status == 0)
            #expect(try await gatehouse("keys", "rotate", "nonsense").errors.contains("'nonsense'"))
            let keys = try #require(try await gatehouse("keys", "list", "--json").json().array?.compactMap(\.object))
            let purposes = Set(keys.compactMap { $0["purpose"]?.string })
            #expect(purposes.isSuperset(of: ["tokens", "events", "refresh", "code"]))
            #expect(keys.allSatisfy { $0["created_at"]?.string.flatMap(Timestamp.init(rfc3339:)) != nil })
        }
    }
}
