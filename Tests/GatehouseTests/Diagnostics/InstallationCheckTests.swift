import AuthorizationServer
import Foundation
import GRDB
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@testable import gatehouse

@Suite("The checks of gatehouse doctor")
struct InstallationCheckTests {
    private static func rows(_ text: String) throws -> [JSONObject] {
        try JSON.parse(Array(text.utf8)).array?.compactMap(\.object) ?? []
    }

    /// The findings of the doctor without a server, and its exit status.
    private static func found(
        _ gatehouse: CommandLineProgram, _ settings: String = ""
    ) async throws -> (status: Int32, rows: [JSONObject]) {
        let file = try gatehouse.stage.write(
            "templates: \(Workspace.root)/templates\nissuer: http://localhost:1\n\(settings)", to: "doctor.yaml")
        let run = try await gatehouse("doctor", "--json", "--config", file)
        return (run.status, try rows(run.output))
    }

    private static func say(_ rows: [JSONObject], _ check: String, _ state: String, _ words: String) -> Bool {
        rows.contains {
            $0["check"]?.string == check && $0["state"]?.string == state
                && $0["detail"]?.string?.contains(words) ?? false
        }
    }

    @Test func `a healthy server has no problem, and every check has its line`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let run = try await gatehouse.command(["doctor", "--json"])
            #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)\(run.output)")
            let rows = try Self.rows(run.output)
            #expect(rows.allSatisfy { $0.members.map(\.name) == ["check", "state", "detail"] })
            let checks = [
                "server", "configuration", "issuer", "reachable", "proxy", "database", "database log", "disk", "backup",
                "audit trail",
                "sealing", "access", "events",
                "keys",
                "custody", "key age", "clock", "registration", "templates", "admin socket",
            ]
            #expect(rows.compactMap { $0["check"]?.string } == checks)
            #expect(Self.say(rows, "proxy", "ok", "from 127.0.0.1 without a proxy"))
            #expect(Self.say(rows, "reachable", "ok", "names this issuer"))
            #expect(Self.say(rows, "backup", "warning", "gatehouse db backup"))
            _ = try await gatehouse.command(["db", "backup", stage.path("copy.sqlite")])
            let shown = try await gatehouse.command(["doctor"])
            #expect(shown.output.contains("ok       backup        ") && shown.output.contains(" 0 days ago."))
        }
    }

    @Test
    func `a configuration that was changed since the start is reported by its keys`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            func change(_ lines: String) throws {
                let text = try String(contentsOfFile: stage.path("gatehouse.yaml"), encoding: .utf8)
                _ = try stage.write(text + "\n" + lines + "\n", to: "gatehouse.yaml")
            }
            _ = try await gatehouse.command(["db", "backup", stage.path("copy.sqlite")])
            let clean = try await gatehouse.command(["doctor", "--json", "--strict"])
            let warnings = try Self.rows(clean.output).count { $0["state"] == "warning" }
            #expect(clean.status == (warnings == 0 ? 0 : 2))
            try change("retention: { sessions: 30d }\nlog: { level: debug }")
            let changed = try await gatehouse.command(["doctor", "--json"])
            let rows = try Self.rows(changed.output)
            #expect(changed.status == 0)
            #expect(Self.say(rows, "configuration", "warning", "since the start: retention.sessions."))
            #expect(Self.say(rows, "configuration", "warning", "since the last reload: log.level."))
            let strict = try await gatehouse.command(["doctor", "--strict"])
            #expect(strict.status == 2 && strict.errors.contains("warnings found"), "\(strict.errors)")
        }
    }

    @Test func `without a server the files are checked, and a missing database is a problem`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let well = try await Self.found(gatehouse)
            #expect(well.status == 0, "\(well.rows)")
            #expect(Self.say(well.rows, "server", "warning", "gatehouse serve"))
            #expect(Self.say(well.rows, "reachable", "warning", "does not answer"))
            try FileManager.default.removeItem(atPath: gatehouse.stage.path("var"))
            let ill = try await Self.found(gatehouse)
            #expect(ill.status == 1 && Self.say(ill.rows, "database", "problem", "No Gatehouse database at"))
        }
    }

    @Test func `a key that other users can read is a problem, with and without a server`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let names = try FileManager.default.contentsOfDirectory(atPath: stage.path("keys"))
            let key = try #require(names.first { $0.hasPrefix("tokens-") })
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: stage.path("keys/\(key)"))
            for isServed in [true, false] {
                if !isServed {
                    gatehouse.process.kill()
                    _ = try await gatehouse.process.end()
                }
                let run = try await gatehouse.command(["doctor", "--json"])
                #expect(run.status == 1)
                #expect(
                    Self.say(
                        try Self.rows(run.output), "keys", "problem", "\(key) is open to other users: run chmod 600"))
            }
        }
    }

    @Test func `keys and socket that change under a running server are problems`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o666], ofItemAtPath: stage.path("var/admin/gatehouse.sock"))
            try FileManager.default.moveItem(atPath: stage.path("keys"), toPath: stage.path("old"))
            let other = CommandLineProgram(stage: stage)
            let file = try stage.write("keys: keys\ndata: elsewhere", to: "other.yaml")
            #expect(try await other("db", "init", "--config", file).status == 0)
            let run = try await gatehouse.command(["doctor", "--json"])
            let rows = try Self.rows(run.output)
            #expect(run.status == 1)
            #expect(Self.say(rows, "keys", "problem", "The server uses other keys"))
            #expect(Self.say(rows, "admin socket", "problem", "(mode 0666)"))
        }
    }

    @Test func `a broken template is a problem, and one with omissions is a warning`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let folder = gatehouse.stage.path("pages")
            try FileManager.default.copyItem(atPath: "\(Workspace.root)/templates", toPath: folder)
            let error = URL(filePath: "\(folder)/error.mustache")
            let text = try String(contentsOf: error, encoding: .utf8)
            try text.replacing("{{reference}}", with: "").write(to: error, atomically: true, encoding: .utf8)
            let less = try await gatehouse("doctor", "--json", environment: ["GATEHOUSE_TEMPLATES": folder])
            #expect(
                Self.say(
                    try Self.rows(less.output), "templates", "warning", "'error' omits {{reference}}"))
            try text.replacing("{{reference}}", with: "{{{reference}}}").write(
                to: error, atomically: true, encoding: .utf8)
            let broken = try await gatehouse("doctor", "--json", environment: ["GATEHOUSE_TEMPLATES": folder])
            #expect(broken.status == 1)
            #expect(Self.say(try Self.rows(broken.output), "templates", "problem", "'error' writes without escaping"))
        }
    }

    @Test func `another server at the issuer's address is a problem`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let server = try await LoopbackServer.start { _ in
                LoopbackServer.http("200 OK", body: #"{"issuer":"https://other.example"}"#)
            }
            let run = try await gatehouse(
                "doctor", "--json", environment: ["GATEHOUSE_ISSUER": "http://localhost:\(server.port)"])
            try await server.stop()
            #expect(run.status == 1)
            #expect(
                Self.say(
                    try Self.rows(run.output), "reachable", "problem",
                    "names the issuer https://other.example"))
        }
    }

    @Test func `without TLS the advice is not about a certificate of Gatehouse's`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage, scheme: "https")
            let rows = try Self.rows(try await gatehouse.command(["doctor", "--json"]).output)
            #expect(
                Self.say(rows, "reachable", "problem", "(tls.certificate is not set)"), "\(rows)")
            #expect(!rows.contains { $0["detail"]?.string?.contains("Replace the certificate") ?? false })
        }
    }

    @Test func `a damaged database, and a clock that was set back, are problems`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let path = gatehouse.stage.path("var/gatehouse.sqlite")
            let database = try DatabaseQueue(path: path)
            try await database.write {
                try $0.execute(
                    sql:
                        "INSERT INTO meta (key, value) VALUES ('last clock', 9999999999) ON CONFLICT (key) DO UPDATE SET value = 9999999999"
                )
            }
            try database.close()
            let late = try await Self.found(gatehouse)
            #expect(late.status == 1 && Self.say(late.rows, "clock", "problem", "behind the last time in the database"))
            let handle = try FileHandle(forUpdating: URL(filePath: path))
            let size = try handle.seekToEnd()
            for page in stride(from: UInt64(8192), to: size, by: 4096) {
                try handle.seek(toOffset: page)
                try handle.write(contentsOf: Data(repeating: 0x5A, count: 64))
            }
            try handle.close()
            let damaged = try await Self.found(gatehouse)
            #expect(damaged.status == 1)
            #expect(damaged.rows.contains { $0["check"] == "database" && $0["state"] == "problem" }, "\(damaged.rows)")
        }
    }

    @Test func `a full or read-only disk is a problem, and little space is a warning`() {
        let mebibyte = UInt64(1 << 20)
        let cases: [(UInt64, Double, Bool, Finding.State)] = [
            (100 * 1024 * mebibyte, 0.5, false, .ok), (100 * mebibyte, 0.5, false, .warning),
            (100 * 1024 * mebibyte, 0.01, false, .warning), (mebibyte, 0.5, false, .problem),
            (100 * 1024 * mebibyte, 0.5, true, .problem),
        ]
        for (free, share, isReadOnly, state) in cases {
            let space = FileStatus.Space(freeBytes: free, share: share, isReadOnly: isReadOnly)
            #expect(DatabaseCheck.finding(space, of: "/data").state == state)
        }
        #expect(DatabaseCheck.finding(nil, of: "/data").state == .problem)
    }

    @Test func `the certificate check shows the remaining days, and a file that is not the served one`() async throws {
        try await Stage.play { stage in
            let authority = try TestAuthority.shared.get()
            let files = authority.files(of: "localhost")
            let (certificate, key) = (stage.path("c.pem"), stage.path("k.pem"))
            try FileManager.default.copyItem(atPath: files.certificate, toPath: certificate)
            try FileManager.default.copyItem(atPath: files.key, toPath: key)
            let gatehouse = try await RunningGatehouse.start(
                on: stage, scheme: "https",
                settings: """
                    tls: { certificate: "\(certificate)", key: "\(key)" }
                    outbound: { trust: ["\(authority.file)"] }
                    """)
            let run = try await gatehouse.command(["doctor", "--json"])
            #expect(run.status == 0)
            // The certificate was made for two days, perhaps within this second.
            let fresh = try Self.rows(run.output)
            #expect(["in 1 day.", "in 2 days."].contains { Self.say(fresh, "certificate", "warning", $0) })
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
            let other = authority.files(of: "other.example").certificate
            try FileManager.default.removeItem(atPath: certificate)
            try FileManager.default.copyItem(atPath: other, toPath: certificate)
            let wrong = try await gatehouse.command(["doctor", "--json"])
            #expect(wrong.status == 1)
            let rows = try Self.rows(wrong.output)
            #expect(Self.say(rows, "certificate", "problem", "is for other.example and not for localhost"))
            #expect(Self.say(rows, "certificate", "problem", "(mode 0644)"))
        }
    }

    @Test func `a disabled events endpoint is a problem`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let added = try await gatehouse(
                "resources", "add", "https://files.example/mcp", "--name", "F", "--owner", "T", "--events-endpoint",
                "https://files.example/events", "--json")
            let id = try #require(try added.json().object?["id"]?.string.flatMap { ResourceID($0) })
            let store = try Store(path: gatehouse.stage.path("var/gatehouse.sqlite"))
            try await store.write { transaction in
                let (endpoint, now) = ("https://files.example/events", Timestamp(seconds: 1))
                try transaction.eventStreams.begin(endpoint, of: id, now: now)
                _ = try transaction.eventStreams.disable(endpoint, of: id, answer: EventAnswer(status: 410))
            }
            try store.close()
            let ill = try await Self.found(gatehouse)
            #expect(ill.status == 1, "\(ill.rows)")
            #expect(
                Self.say(
                    ill.rows, "events", "problem",
                    "https://files.example/mcp is disabled (status 410)"))
        }
    }

    @Test func `RFC 9110 §5.6.7 an HTTP date is parsed in the preferred format only`() {
        #expect(HTTPDate("Sun, 06 Nov 1994 08:49:37 GMT")?.time == Timestamp(rfc3339: "1994-11-06T08:49:37Z"))
        for text in ["", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Foo 1994 08:49:37 GMT"]
        {
            #expect(HTTPDate(text) == nil)
        }
    }
}
