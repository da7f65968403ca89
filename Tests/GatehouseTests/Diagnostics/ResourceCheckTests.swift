import Foundation
import JOSE
import Synchronization
import TestSupport
import Testing

/// An MCP server whose answers a test chooses.
private final class PretendedServer: Sendable {
    struct Answers: Sendable {
        var status = "401 Unauthorized"
        /// More header fields, each with its line break.
        var fields = ""
        /// The parameters of the challenge; nil for no challenge.
        var challenge: String?
        var metadata: JSONObject = [:]
    }

    let answers = Mutex(Answers())
    let server: LoopbackServer

    var url: String { "http://127.0.0.1:\(server.port)/mcp" }
    var place: String { "http://127.0.0.1:\(server.port)/.well-known/oauth-protected-resource/mcp" }

    private init(_ server: LoopbackServer) {
        self.server = server
    }

    /// A server that does everything right for `issuer`.
    static func start(issuer: String) async throws -> PretendedServer {
        let shared = Mutex<PretendedServer?>(nil)
        let listener = try await LoopbackServer.start { request in
            guard let answers = shared.withLock({ $0?.answers.withLock { $0 } }) else { return .silence }
            if request.hasPrefix("GET ") {
                return LoopbackServer.http("200 OK", body: JSON.object(answers.metadata).text)
            }
            let challenge = answers.challenge.map { "WWW-Authenticate: Bearer \($0)\r\n" } ?? ""
            return LoopbackServer.http(
                answers.status, "\(challenge)\(answers.fields)Content-Type: application/json", body: "{}")
        }
        let pretended = PretendedServer(listener)
        shared.withLock { $0 = pretended }
        pretended.answers.withLock {
            $0.challenge = #"resource_metadata="\#(pretended.place)", scope="files:read""#
            $0.metadata = [
                "resource": .string(pretended.url), "authorization_servers": [.string(issuer)],
                "scopes_supported": ["files:read"],
            ]
        }
        return pretended
    }
}

/// The findings of one run of the doctor.
private struct Diagnosis {
    let status: Int32
    let rows: [JSONObject]
    let errors: String

    init(_ gatehouse: RunningGatehouse, _ name: String) async throws {
        let run = try await gatehouse.command(["doctor", "--resource", name, "--json"])
        (status, errors) = (run.status, run.errors)
        rows = run.output.isEmpty ? [] : try run.json().array?.compactMap(\.object) ?? []
    }

    /// Whether a finding of this check and state contains all of these words.
    func says(_ check: String, _ state: String, _ words: String...) -> Bool {
        rows.contains { row in
            row["check"]?.string == check && row["state"]?.string == state
                && words.allSatisfy { row["detail"]?.string?.contains($0) ?? false }
        }
    }

    var problems: [String] { rows.filter { $0["state"] == "problem" }.compactMap { $0["check"]?.string } }
}

@Suite("gatehouse doctor --resource")
struct ResourceCheckTests {
    /// Plays a test with a server, and with an MCP server that is registered and does everything right.
    private static func play(
        _ test: (RunningGatehouse, PretendedServer, _ id: String, _ secret: String) async throws -> Void
    ) async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let server = try await PretendedServer.start(issuer: gatehouse.issuer)
            let added = try await gatehouse.object([
                "resources", "add", server.url, "--name", "Files", "--owner", "Grace Hopper", "--scope",
                "files:read=Read your files", "--on-request", "files:write=Change your files",
            ])
            do {
                try await test(
                    gatehouse, server, added["client_id"]?.string ?? "", added["client_secret"]?.string ?? "")
            } catch {
                try? await server.server.stop()
                throw error
            }
            try? await server.server.stop()
        }
    }

    @Test func `an MCP server that does everything right has no problem, by its URL and by its ID`() async throws {
        try await Self.play { gatehouse, server, id, _ in
            for name in [server.url, id] {
                let found = try await Diagnosis(gatehouse, name)
                #expect(found.status == 0 && found.problems.isEmpty, "\(found.rows)")
                #expect(found.says("registered", "ok", "'Files' of Grace Hopper", id))
                #expect(found.says("challenge", "ok", server.place))
                #expect(found.says("resource", "ok", server.url))
                #expect(found.says("authorization server", "ok", gatehouse.issuer))
                #expect(found.says("scopes", "ok"))
            }
        }
    }

    @Test func `what is not registered is a problem, with the command or with the registered spelling`() async throws {
        try await Self.play { gatehouse, server, _, _ in
            let slash = try await Diagnosis(gatehouse, server.url + "/")
            #expect(slash.status == 1 && slash.says("registered", "problem", "by a slash at the end", server.url))
            let host = try await Diagnosis(gatehouse, server.url.replacing("127.0.0.1", with: "localhost"))
            #expect(host.says("registered", "problem", "by the name of this machine", server.url))
            #expect(host.says("resource", "problem", "clients that use http://localhost:"))
            let stranger = try await PretendedServer.start(issuer: gatehouse.issuer)
            let unknown = try await Diagnosis(gatehouse, stranger.url)
            #expect(unknown.says("registered", "problem", "gatehouse resources add --from \(stranger.place) --owner"))
            #expect(unknown.says("authorization server", "ok") && !unknown.rows.contains { $0["check"] == "events" })
            try await stranger.server.stop()
        }
    }

    @Test func `metadata that names another resource or another issuer is a problem, and the difference is named`()
        async throws
    {
        try await Self.play { gatehouse, server, _, _ in
            server.answers.withLock { $0.metadata["resource"] = .string(server.url + "/") }
            let slash = try await Diagnosis(gatehouse, server.url)
            #expect(slash.problems == ["resource"] && slash.says("resource", "problem", "by a slash at the end"))
            server.answers.withLock {
                $0.metadata["resource"] = .string(server.url)
                $0.metadata["authorization_servers"] = [.string(gatehouse.issuer + "/")]
            }
            let issuer = try await Diagnosis(gatehouse, server.url)
            #expect(issuer.problems == ["authorization server"])
            #expect(issuer.says("authorization server", "problem", "by a slash at the end", gatehouse.issuer))
            let machine = gatehouse.issuer.replacing("localhost", with: "127.0.0.1")
            server.answers.withLock { $0.metadata["authorization_servers"] = [.string(machine)] }
            let host = try await Diagnosis(gatehouse, server.url)
            #expect(host.says("authorization server", "problem", "by the name of this machine"))
            server.answers.withLock { $0.metadata["authorization_servers"] = nil }
            let none = try await Diagnosis(gatehouse, server.url)
            #expect(none.says("authorization server", "problem", "names no authorization server"))
            let two: JSON = ["https://other.example", .string(gatehouse.issuer)]
            server.answers.withLock { $0.metadata["authorization_servers"] = two }
            let second = try await Diagnosis(gatehouse, server.url)
            #expect(
                second.status == 0 && second.says("authorization server", "warning", "behind https://other.example"))
        }
    }

    @Test func `scopes that are not registered are a problem, and registered ones that clients do not learn a warning`()
        async throws
    {
        try await Self.play { gatehouse, server, _, _ in
            server.answers.withLock { $0.metadata["scopes_supported"] = ["files:raed", "offline_access"] }
            let found = try await Diagnosis(gatehouse, server.url)
            #expect(found.problems == ["scopes"] && found.says("scopes", "problem", "It asks for files:raed,"))
            #expect(found.says("scopes", "warning", "does not list files:read,"))
            server.answers.withLock {
                $0.metadata["scopes_supported"] = ["files:read", "files:write"]
                $0.challenge = #"resource_metadata="\#(server.place)", scope="files:all""#
            }
            #expect(try await Diagnosis(gatehouse, server.url).says("scopes", "problem", "files:all"))
        }
    }

    @Test(arguments: [
        ("200 OK", "problem", "everybody may use it"), ("404 Not Found", "problem", "Correct the path"),
        ("307 Temporary Redirect", "problem", "redirects to /there"), ("400 Bad Request", "problem", "instead of 401"),
        ("500 Internal Server Error", "problem", "status 500"),
    ])
    func `an answer to a request without a token other than 401 is a problem`(
        status: String, state: String, words: String
    ) async throws {
        try await Self.play { gatehouse, server, _, _ in
            server.answers.withLock {
                $0.status = status
                $0.fields = "Location: /there\r\n"
            }
            let found = try await Diagnosis(gatehouse, server.url)
            #expect(found.problems == ["challenge"] && found.says("challenge", state, words), "\(found.rows)")
        }
    }

    @Test func `a challenge without metadata is a warning, because clients can still guess`() async throws {
        try await Self.play { gatehouse, server, _, _ in
            server.answers.withLock { $0.challenge = #"scope="files:read""# }
            let bare = try await Diagnosis(gatehouse, server.url)
            #expect(bare.status == 0 && bare.says("challenge", "warning", "names no resource_metadata"))
            #expect(bare.says("resource", "ok"))
            server.answers.withLock { $0.challenge = nil }
            #expect(try await Diagnosis(gatehouse, server.url).says("challenge", "warning", "has no 'WWW-Authenticate"))
        }
    }

    @Test func `a clock that is off, and metadata that cannot be read, are problems`() async throws {
        try await Self.play { gatehouse, server, _, _ in
            server.answers.withLock { $0.fields = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" }
            let late = try await Diagnosis(gatehouse, server.url)
            #expect(late.problems == ["clock"] && late.says("clock", "problem", "s behind this machine's"))
            server.answers.withLock {
                $0.fields = ""
                $0.metadata = ["resource": 5]
            }
            let unreadable = try await Diagnosis(gatehouse, server.url)
            #expect(unreadable.problems == ["metadata"], "\(unreadable.rows)")
            #expect(unreadable.says("metadata", "problem", "must name its resource as a string"))
        }
    }

    @Test func `a server that does not answer and a wrong argument end in one sentence`() async throws {
        try await Self.play { gatehouse, server, _, _ in
            try await server.server.stop()
            let dead = try await Diagnosis(gatehouse, server.url)
            #expect(dead.problems == ["reachable"] && dead.says("reachable", "problem", "Start the MCP server"))
            #expect(dead.says("authentication", "warning"))
            for wrong in ["", "files", "ftp://a.example/mcp", "http://a.example/mcp", "http://127.0.0.1:1/#x"] {
                let found = try await Diagnosis(gatehouse, wrong)
                #expect(found.status == 1 && found.rows.isEmpty, "\(wrong)")
                #expect(found.errors.split(separator: "\n").count == 1, "\(wrong): \(found.errors)")
            }
            let both = try await gatehouse.command(["doctor", "--resource", server.url, "--client", "x"])
            #expect(both.status == 2 && both.errors.contains("--client and --resource cannot be combined."))
        }
    }

    @Test func `the last authentication and the last refusal are told, and what is over is no problem`() async throws {
        try await Self.play { gatehouse, server, id, secret in
            func introspect(_ user: String, _ password: String) async throws -> Int {
                let credential = Data("\(user):\(password)".utf8).base64EncodedString()
                return try await gatehouse.http.post(
                    "/introspect", form: ["token": "x"], headers: [("Authorization", "Basic \(credential)")]
                ).status
            }
            let before = try await Diagnosis(gatehouse, id)
            #expect(before.status == 0 && before.says("authentication", "warning", "has not authenticated since", id))
            #expect(try await introspect("res_unknown", "x") == 401)
            #expect(try await Diagnosis(gatehouse, id).rows == before.rows)
            #expect(try await introspect(id, "wrong") == 401)
            let refused = try await Diagnosis(gatehouse, id)
            #expect(refused.problems == ["authentication"])
            #expect(refused.says("authentication", "problem", "wrong secret", "rotate-secret \(id)"))
            #expect(try await introspect(id, secret) == 200)
            let proven = try await Diagnosis(gatehouse, id)
            #expect(proven.status == 0 && proven.says("authentication", "ok", "It last authenticated at"))
            #expect(proven.says("authentication", "ok", "wrong secret", "It authenticated since then."))
            #expect(!proven.rows.contains { $0["detail"]?.string?.contains(secret) ?? false })
        }
    }

    @Test func `events by poll and by push are told, and an endpoint that did not answer is a problem`() async throws {
        try await Self.play { gatehouse, server, id, secret in
            #expect(try await Diagnosis(gatehouse, id).says("events", "warning", "has never polled"))
            let credential = Data("\(id):\(secret)".utf8).base64EncodedString()
            let polled = try await gatehouse.http.post(
                "/events/poll", json: #"{"returnImmediately": true}"#,
                headers: [("Authorization", "Basic \(credential)")])
            #expect(polled.status == 200)
            let polling = try await Diagnosis(gatehouse, id)
            #expect(polling.says("events", "ok", "It polls for events."))
            #expect(polling.says("authentication", "ok", "It last authenticated at"))
            _ = try await gatehouse.object(["resources", "policy", id, "--events-endpoint", server.url + "/events"])
            let pushed = try await Diagnosis(gatehouse, id)
            #expect(pushed.problems == ["events"])
            #expect(pushed.says("events", "problem", "has not answered the verification event"))
        }
    }
}
