import Foundation
import GRDB
import JOSE
import TestSupport
import Testing

@Suite("The server as a process")
struct ServeTests {
    /// Runs `serve`, which is expected to fail, on free ports unless the arguments name others.
    private func refusal(_ gatehouse: CommandLineProgram, _ more: String..., settings: String = "") async throws
        -> String
    {
        let (port, operations) = (try await LoopbackPort.free(), try await LoopbackPort.free())
        let child = try ChildProcess(
            Workspace.program("gatehouse"),
            [
                "serve", "--data", gatehouse.stage.path("var"), "--keys", gatehouse.stage.path("keys"),
                "--admin-socket", gatehouse.stage.path("admin/a.sock"), "--issuer", "http://localhost:\(port)",
            ] + (more.contains("--listen") ? [] : ["--listen", "127.0.0.1:\(port)"])
                + ["--operations-listen", "127.0.0.1:\(operations)"]
                + (more.contains("--templates") ? [] : ["--templates", "\(Workspace.root)/templates"]) + more,
            output: gatehouse.stage.logFile("serve"), errors: gatehouse.stage.logFile("serve-errors"))
        gatehouse.stage.adopt(child)
        let status = try await child.end()
        #expect(status == 1)
        let said = try gatehouse.stage.log("serve-errors").split(separator: "\n")
        #expect(said.count == 1, "one sentence says why, and not \(said)")
        return said.last.map(String.init) ?? ""
    }

    private func names(in database: String) throws -> [String] {
        try DatabaseQueue(path: database).read { try String.fetchAll($0, sql: "SELECT name FROM users") }
    }

    private func change(_ gatehouse: CommandLineProgram, _ sql: String) throws {
        let database = try DatabaseQueue(path: gatehouse.stage.path("var/gatehouse.sqlite"))
        try database.write { try $0.execute(sql: sql) }
        try database.close()
    }

    @Test
    func `Commands go to the server that holds the data, and the record contains the uid from the kernel`()
        async throws
    {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let user = try await gatehouse.object(
                ["users", "add", "alice", "--password-stdin"], input: "secret pass\n")
            #expect(user.members.map(\.name) == ["id", "name", "subject"])
            let again = try await gatehouse.command(
                ["users", "add", "alice", "--password-stdin"], input: "other pass\n")
            #expect(again.status == 1 && again.errors.contains("'alice' already exists"))
            let records = try await gatehouse.json(["audit", "tail"])
            let actors = records.array?.compactMap { $0.object?["actor"]?.string }
            #expect(actors == ["admin \(geteuid())"])
            let keys = try await gatehouse.json(["keys", "list"])
            #expect(keys.array?.isEmpty == false)
        }
    }

    @Test func `A backup streams out of a running server into a private file that opens as a database`()
        async throws
    {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            _ = try await gatehouse.object(["users", "add", "alice", "--password-stdin"], input: "secret pass\n")
            let path = stage.path("copy.sqlite")
            let made = try await gatehouse.object(["db", "backup", path])
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(made["bytes"]?.integer == (attributes[.size] as? NSNumber)?.int64Value)
            #expect(try names(in: path) == ["alice"])
            let left = try FileManager.default.contentsOfDirectory(atPath: stage.path("var"))
            #expect(left.filter { $0.hasPrefix("backup") } == [])
            let twice = try await gatehouse.command(["db", "backup", path])
            #expect(twice.status == 1)
        }
    }

    @Test func `the database is created once, and only the admin socket administers`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            _ = try await gatehouse.object(["users", "add", "alice", "--password-stdin"], input: "secret pass\n")
            let keys = try await gatehouse.json(["keys", "list"])
            let rotation = #"{"version":1,"request":{"keys":{"rotate":"tokens"}}}"#
            for listener in [gatehouse.http, gatehouse.operations] {
                for path in ["/v1/administration", "/administration", "/admin", "/init", "/keys/rotate"] {
                    #expect(try await listener.post(path, json: rotation).status == 404)
                }
            }
            #expect(try await gatehouse.command(["db", "init"]).status == 1)
            #expect(try await gatehouse.json(["keys", "list"]) == keys)
            await gatehouse.process.stop()
            #expect(try await gatehouse.command(["db", "init"]).status == 1)
            #expect(try await gatehouse.json(["keys", "list"]) == keys)
            #expect(try names(in: stage.path("var/gatehouse.sqlite")) == ["alice"])
        }
    }

    @Test func `SIGTERM ends it with 0, and a command works directly afterwards`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            await gatehouse.process.stop()
            #expect(try await gatehouse.process.end() == 0)
            let added = try await gatehouse.command(
                ["users", "add", "bob", "--password-stdin"], input: "secret pass\n")
            #expect(added.status == 0)
            let verified = try await gatehouse.object(["audit", "verify"])
            #expect(verified["records"] == 1)
        }
    }

    @Test func `Files are private to the server's user`() async throws {
        try await Stage.play { stage in
            _ = try await RunningGatehouse.start(on: stage)
            for name in ["var", "var/admin", "keys", "var/gatehouse.sqlite", "var/admin/gatehouse.sock", "var/lock"] {
                let mode = try FileManager.default.attributesOfItem(atPath: stage.path(name))[.posixPermissions] as? Int
                #expect(mode.map { $0 & 0o077 } == 0, "\(name)")
            }
        }
    }

    @Test func `A second server on one data directory is refused and leaves the first one's socket alone`() async throws
    {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let second = try await gatehouse.command(["serve"])
            #expect(second.status == 1 && second.errors.contains(stage.path("var")))
            let list = try await gatehouse.json(["users", "list"])
            #expect(list == [])
        }
    }

    @Test func `A port in use is refused and named`() async throws {
        try await Stage.play { stage in
            let taken = try await RunningGatehouse.start(on: stage)
            let place = taken.issuer.replacing("http://localhost", with: "127.0.0.1")
            try await CommandLineProgram.onFreshDatabase { gatehouse in
                let said = try await refusal(gatehouse, "--listen", place)
                #expect(said.contains("\(place) is already in use"))
            }
        }
    }

    @Test func `A missing template, a key open to others and a missing key are refused with the remedy`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let templates = try await refusal(gatehouse, "--templates", gatehouse.stage.path("nothing"))
            #expect(templates.contains("set 'templates' to the right folder"))
            let keys = gatehouse.stage.path("keys")
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: keys).first { $0.hasPrefix("refresh") })
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(keys)/\(name)")
            let loose = try await refusal(gatehouse)
            #expect(loose.contains("\(name) is open to other users"))
            try FileManager.default.removeItem(atPath: "\(keys)/\(name)")
            let missing = try await refusal(gatehouse)
            #expect(missing.contains("\(name) is missing"))
        }
    }

    @Test func `A clock behind the database is refused until an operator accepts it`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let later = Int(Date().timeIntervalSince1970) + 3600
            try change(gatehouse, "INSERT OR REPLACE INTO meta (key, value) VALUES ('last clock', \(later))")
            let said = try await refusal(gatehouse)
            #expect(said.contains("seconds behind the last time in the database") && said.contains("--accept-clock"))
        }
    }

    @Test func `A database from a newer version is refused`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            try change(gatehouse, "INSERT INTO grdb_migrations (identifier) VALUES ('from the future')")
            let said = try await refusal(gatehouse)
            #expect(said.contains("was written by a newer version of Gatehouse"))
        }
    }

    @Test func `An issuer that is not canonical, and an unknown key, are refused before anything is created`()
        async throws
    {
        try await Stage.play { stage in
            let gatehouse = CommandLineProgram(stage: stage)
            for issuer in ["HTTPS://auth.example", "https://auth.example:443", "http://auth.example"] {
                let run = try await gatehouse("serve", "--issuer", issuer)
                #expect(run.status == 1 && run.errors.contains("'\(issuer)' for 'issuer'"))
            }
            let run = try await gatehouse("serve", environment: ["GATEHOUSE_ISSUR": "https://a.example"])
            #expect(run.status == 1 && run.errors.contains("nearest known key is 'GATEHOUSE_ISSUER'"))
            #expect(!FileManager.default.fileExists(atPath: stage.path("var")))
        }
    }

    @Test func `serve raises its limit of open files to the hard limit and logs it`() async throws {
        try await Stage.play { stage in
            let (port, operations) = (try await LoopbackPort.free(), try await LoopbackPort.free())
            let server = try stage.start(
                "/bin/sh",
                [
                    "-c", "ulimit -Sn 256; ulimit -Hn 3000; exec \"$0\" \"$@\"", Workspace.program("gatehouse"),
                    "serve",
                    "--data", stage.path("var"), "--keys", stage.path("keys"), "--admin-socket",
                    stage.path("admin/a.sock"),
                    "--issuer", "http://localhost:\(port)", "--listen", "127.0.0.1:\(port)", "--operations-listen",
                    "127.0.0.1:\(operations)", "--templates", "\(Workspace.root)/templates",
                ], log: "gatehouse")
            try await stage.waitUntilReady("gatehouse", server) {
                try await LoopbackHTTP(port: operations).get("/readyz")
            }
            let limits = try String(contentsOfFile: "/proc/\(server.identifier)/limits", encoding: .utf8)
            let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") } ?? ""
            #expect(line.split(separator: " ").dropFirst(3).first == "3000")
            #expect(try stage.log("gatehouse").contains(#""open_files":"3000""#))
        }
    }
}
