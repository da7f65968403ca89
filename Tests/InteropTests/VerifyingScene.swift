import Foundation
import JOSE
import OAuth
import Storage
import TestSupport

/// Gatehouse in a process of its own, an MCP server with local verification, and scripted users.
struct VerifyingScene: Sendable {
    let gatehouse: RunningGatehouse
    let server: VerifyingServer
    let visitor: Visitor

    /// A session with its token.
    struct Held: Sendable {
        let id: String
        let token: String
        /// The user's subject identifier.
        let subject: String
    }

    static let caep = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"

    /// Plays a test with an MCP server whose events endpoint was verified a while ago, or which polls.
    ///
    /// - Parameter settings: more lines of Gatehouse's configuration file.
    static func play(
        _ news: Scene.News, on stage: Stage, settings: String = "",
        _ test: @Sendable (VerifyingScene) async throws -> Void
    ) async throws {
        let gatehouse = try await RunningGatehouse.start(on: stage, settings: settings)
        for name in ["ada", "grace"] {
            _ = try await gatehouse.object(["users", "add", name, "--password-stdin"], input: Scene.password + "\n")
        }
        let port = try await LoopbackPort.free()
        let resource = VerifyingServer.resource(at: port)
        let credentials = try await gatehouse.addResource(
            resource, name: "Files", scopes: ["files:read=Read your files"])
        let client = try await gatehouse.addClient(redirect: Visitor.redirect)
        let server = try VerifyingServer(at: port, issuer: gatehouse.issuer, credentials: credentials)
        // One that polls catches up when it has had an answer from before.
        if news == .pushed { server.catchUp() }
        try await server.serving {
            var gatehouse = gatehouse
            if news == .pushed {
                try await gatehouse.push(to: VerifyingServer.endpoint(at: port), of: resource)
                gatehouse = try await aged(
                    gatehouse, credentials.id, VerifyingServer.endpoint(at: port), in: stage)
            }
            try await test(
                VerifyingScene(
                    gatehouse: gatehouse, server: server,
                    visitor: Visitor(gatehouse: gatehouse, clientID: client["client_id"]?.string ?? "")))
        }
    }

    /// Lets some minutes pass since the endpoint was verified, which is all that a test cannot wait for: the server is stopped,
    /// and what it wrote is dated back.
    static func aged(
        _ gatehouse: RunningGatehouse, _ id: String, _ endpoint: String, in stage: Stage
    ) async throws -> RunningGatehouse {
        gatehouse.process.kill()
        _ = try await gatehouse.process.end()
        let store = try Store(path: stage.path("var/gatehouse.sqlite"))
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let isVerified = try await store.write { transaction in
            guard let resource = ResourceID(id), try transaction.eventStreams.find(of: resource)?.state == .active
            else {
                return false
            }
            let then = now - VerifyingServer.age
            try transaction.eventStreams.set(eventsEndpoint: endpoint, of: resource, now: then)
            try transaction.eventStreams.begin(endpoint, of: resource, now: then)
            return try transaction.eventStreams.activate(endpoint, of: resource, now: then)
        }
        try store.close()
        guard isVerified else { throw StageFailure("the events endpoint was not verified") }
        return try await gatehouse.restarted()
    }

    /// Approves a session as a user.
    func session(_ person: String = "ada", clientID: String? = nil) async throws -> Held {
        let visitor = Visitor(gatehouse: gatehouse, clientID: clientID ?? visitor.clientID, person: person)
        let answer = try await visitor.redeem(visitor.code()).object()
        let token = answer["access_token"]?.string ?? ""
        let parts = token.split(separator: ".")
        guard parts.count == 3, let claims = try Base64URL.decode(parts[1]).map({ try JSONObject(parsing: $0) }),
            let id = claims["sid"]?.string, let subject = claims["sub"]?.string
        else { throw StageFailure("no token came of the code: \(answer.text)") }
        return Held(id: id, token: token, subject: subject)
    }

    /// How often Gatehouse was asked about a token.
    func questions() async throws -> Int { try await gatehouse.introspections() }

    /// What the audit trail has about a session, the newest last.
    func records(_ session: String, _ action: String) async throws -> [JSONObject] {
        try await gatehouse.json(["audit", "tail", "--session", session, "--action", action]).array?
            .compactMap(\.object) ?? []
    }

    /// Runs a command that ends sessions, as an administrator's program does.
    func command(_ words: String...) async throws {
        let printed = try await gatehouse.command(words)
        guard printed.status == 0 else {
            throw StageFailure("`\(words)` ended with \(printed.status): \(printed.errors)")
        }
    }
}

extension RunningGatehouse {
    /// How often it was asked about a token.
    func introspections() async throws -> Int {
        let lines = try await operations.get("/metrics").text.split(separator: "\n")
        return lines.filter { $0.hasPrefix("gatehouse_http_requests_total{route=\"/introspect\"") }
            .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }
}
