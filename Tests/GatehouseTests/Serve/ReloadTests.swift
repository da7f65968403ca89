import Foundation
import OAuth
import TestSupport
import Testing

@testable import gatehouse

@Suite("SIGHUP")
struct ReloadTests {
    /// Sends the signal and waits for the log line about it.
    private func reload(_ stage: Stage, _ gatehouse: RunningGatehouse) async throws -> String {
        let before = try answers(stage).count
        kill(gatehouse.process.identifier, SIGHUP)
        for _ in 0..<1200 {
            guard gatehouse.process.isRunning else { throw StageFailure("SIGHUP killed the server") }
            let said = try answers(stage)
            if said.count > before { return String(said[before]) }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw StageFailure("nothing was said about SIGHUP within a minute")
    }

    private func answers(_ stage: Stage) throws -> [Substring] {
        try stage.log("gatehouse").split(separator: "\n").filter { $0.contains("reloaded") }
    }

    private func change(_ stage: Stage, _ edit: (String) -> String) throws {
        let text = try String(contentsOfFile: stage.path("gatehouse.yaml"), encoding: .utf8)
        _ = try stage.write(edit(text), to: "gatehouse.yaml")
    }

    /// Copies the certificate files of a name to the configured paths.
    private func present(_ stage: Stage, certificate: String, key: String) throws {
        let authority = try TestAuthority.shared.get()
        for (name, file) in [
            ("c.pem", authority.files(of: certificate).certificate), ("k.pem", authority.files(of: key).key),
        ] {
            chmod(try stage.write(String(contentsOfFile: file, encoding: .utf8), to: name), 0o600)
        }
    }

    /// The subject of the certificate that the server presents.
    private func presented(_ stage: Stage, _ gatehouse: RunningGatehouse) async throws -> String {
        let place = gatehouse.issuer.replacing("https://", with: "")
        let child = try ChildProcess(
            "/bin/sh", ["-c", "openssl s_client -connect \(place) < /dev/null | openssl x509 -noout -subject"],
            output: stage.logFile("presented"), errors: stage.logFile("presented-errors"))
        stage.adopt(child)
        _ = try await child.end()
        return try stage.log("presented")
    }

    @Test func `SIGHUP reloads the TLS files, and keeps the previous ones if the new ones do not match`()
        async throws
    {
        try await Stage.play { stage in
            try present(stage, certificate: "localhost", key: "localhost")
            let gatehouse = try await RunningGatehouse.start(
                on: stage, scheme: "https", settings: "tls: { certificate: c.pem, key: k.pem }")
            #expect(try await presented(stage, gatehouse).contains("localhost"))
            try present(stage, certificate: "other.example", key: "other.example")
            #expect(try await reload(stage, gatehouse).contains(#""applied":"TLS files""#))
            #expect(try await presented(stage, gatehouse).contains("other.example"))
            // No key is applied, not even the level of the log.
            try present(stage, certificate: "client.example", key: "other.example")
            try change(stage) { $0 + "\nlog: { level: error }\n" }
            let refused = try await reload(stage, gatehouse)
            #expect(
                refused.contains("not reloaded") && refused.contains("does not match the certificate"), "\(refused)")
            #expect(try await presented(stage, gatehouse).contains("other.example"))
            try present(stage, certificate: "localhost", key: "localhost")
            try change(stage) { $0.replacing("log: { level: error }", with: "log: { level: debug }") }
            #expect(try await reload(stage, gatehouse).contains(#""applied":"TLS files, log.level""#))
        }
    }

    /// The server's response to ada, who signs in for a client.
    private func visit(_ gatehouse: RunningGatehouse, as client: String) async throws -> LoopbackHTTP.Response {
        let query = [
            ("response_type", "code"), ("client_id", client), ("redirect_uri", "http://127.0.0.1/callback"),
            ("code_challenge", CodeChallenge(for: .random()).string), ("code_challenge_method", "S256"),
        ].map { "\($0.0)=\(LoopbackHTTP.encode($0.1))" }.joined(separator: "&")
        let page = try await gatehouse.http.get("/authorize?\(query)")
        // A blocked client is refused at once; for any other, the user signs in first.
        guard let token = page.text.firstMatch(of: /name="interaction" value="([^"]+)"/)?.1 else { return page }
        let cookies = page.headers.filter { $0.name == "set-cookie" }.map { $0.value.prefix { $0 != ";" } }
        return try await gatehouse.http.post(
            "/login",
            form: ["interaction": String(token), "username": "ada", "password": "correct horse battery"],
            headers: [("Cookie", cookies.joined(separator: "; "))])
    }

    @Test func `SIGHUP changes the lists of metadata documents and names keys that require a restart`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let client = "https://app.bad.invalid/client.json"
            func verdict() async throws -> String {
                try await gatehouse.command(["doctor", "--client", client]).output
            }
            _ = try await gatehouse.object(
                ["users", "add", "ada", "--password-stdin"], input: "correct horse battery\n")
            #expect(try await visit(gatehouse, as: client).status == 503, "it may come, but its host is not there")
            let first = try String(contentsOfFile: stage.path("gatehouse.yaml"), encoding: .utf8)
            let before = try await verdict()
            #expect(!before.contains("is not allowed by the configuration"), "\(before)")
            try change(stage) { $0 + "\nclients: { metadata_documents: { block: ['*.bad.invalid'] } }\n" }
            let said = try await reload(stage, gatehouse)
            #expect(said.contains("configuration reloaded") && !said.contains("needs_restart"), "\(said)")
            #expect(said.contains(#""applied":"clients.metadata_documents.block""#), "\(said)")
            let after = try await verdict()
            #expect(after.contains("app.bad.invalid is not allowed by the configuration"), "\(after)")
            let keptOut = try await visit(gatehouse, as: client)
            #expect(keptOut.status == 400 && keptOut.text.contains("does not admit its host"))
            try change(stage) { $0 + "\nsessions: { idle: 3d }\nproxies: [10.0.0.1]\n" }
            let waiting = try await reload(stage, gatehouse)
            #expect(
                waiting.contains(#""needs_restart":"sessions, proxies""#) && waiting.contains(#""applied":"nothing""#))
            try change(stage) { $0 + "\nnonsense: 1\n" }
            let refused = try await reload(stage, gatehouse)
            #expect(refused.contains("not reloaded") && refused.contains("'nonsense'"))
            try change(stage) { _ in first }
            #expect(try await verdict() == after, "the server keeps what it read before")
            await gatehouse.process.stop()
            #expect(try await gatehouse.process.end() == 0, "it drains as before")
        }
    }

    /// A value of each key that is not its default.
    private static func another(_ key: ConfigurationKey) -> [String] {
        if key.defaultValue == ["true"] { return ["false"] }
        if key.defaultValue == ["false"] { return ["true"] }
        return switch key.path {
        case "issuer": ["http://localhost:9999"]
        case "listen", "operations.listen": ["127.0.0.1:9"]
        case "default_resource": ["https://mcp.example/"]
        case "tokens.access": ["5m"]
        case "tokens.code", "tokens.refresh_grace", "clients.metadata_documents.cache_min": ["30s"]
        case "sessions.choices": ["1h", "12h"]
        case "sessions.preselected", "sessions.idle", "clients.metadata_documents.cache_max": ["1h"]
        case "clients.metadata_documents.max_size": ["8KiB"]
        case "clients.metadata_documents.private_hosts": ["clients.example:8443"]
        case "proxies": ["10.0.0.1"]
        case "outbound.proxy": ["http://proxy.example:3128"]
        case "log.level": ["debug"]
        case "connections.total", "connections.per_address": ["100"]
        case "connections.stall": ["10s"]
        case "clients.registration": ["open"]
        case "retention.sessions": ["60d"]
        case "retention.elicitations": ["7d"]
        case "retention.audit": ["400d"]
        case "access.default": ["nobody"]
        case "mail.command": ["/usr/sbin/sendmail", "-t"]
        default: ["another"]
        }
    }

    @Test(arguments: ConfigurationKey.all.filter { $0.components[0] != "tls" })
    func `every changed key is applied, or named as requiring a restart`(key: ConfigurationKey) throws {
        func configuration(_ flags: [ConfigurationKey: [String]]) throws -> ServerConfiguration {
            try ServerConfiguration(
                ConfigurationSources(flags: flags, environment: [:], file: nil, workingDirectory: "/srv/gatehouse"))
        }
        let (started, other) = (try configuration([:]), try configuration([key: Self.another(key)]))
        #expect(started != other)
        let applied = [
            "clients.metadata_documents.allow", "clients.metadata_documents.block",
            "clients.metadata_documents.private_hosts", "clients.metadata_documents.max_size", "log.level",
            "mail.command", "mail.from",
        ]
        #expect(started.fixed(unlike: other).isEmpty == applied.contains(key.path), "\(key.path)")
        #expect(started.changeable(unlike: other) == (applied.contains(key.path) ? [key.path] : []))
    }
}
