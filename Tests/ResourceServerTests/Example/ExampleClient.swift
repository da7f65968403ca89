import JOSE
import Logging
import NIOCore
import ResourceServer

@testable import example_mcp_server

/// A client of the example, over raw HTTP, with a token that carries what the test says.
struct ExampleClient {
    static let host = "127.0.0.1:9"

    let port: Int
    let authorizationServer: FakeAuthorizationServer
    let elicitations: FakeElicitations
    let cabinet: ServiceKeyStore
    let resource: String

    /// Runs the example and the fake behind it for as long as the body takes.
    ///
    /// - Parameter isSecure: whether the example is known by https, as behind a proxy; the socket stays plain.
    static func run(
        takesEvents: Bool = false, isSecure: Bool = false, proofs: ProofConfiguration? = nil,
        _ body: (ExampleClient) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        let cabinet = ServiceKeyStore()
        let server = FakeAuthorizationServer()
        let elicitations = FakeElicitations(server, clock: clock)
        try await server.run(adding: elicitations.routes) {
            let (ports, port) = AsyncStream<Int>.makeStream()
            var configuration = Fixture.configuration(issuer: server.issuer, clock: clock)
            configuration.scopes = Toolbox.scopes
            configuration.proofs = proofs
            if isSecure { configuration.resource = "https://\(host)/mcp" }
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let example = try ExampleServer(
                configuration,
                elicitations: Elicitations(configuration, clientID: "res_1", clientSecret: "gate_s_x"),
                takesEvents: takesEvents, cabinet: cabinet,
                upstream: Upstream(address: server.issuer + "/pulls", provider: "hub", trust: []))
            let application = example.application(host: "127.0.0.1", port: 0, logger: logger) {
                port.yield($0.localAddress?.port ?? 0)
            }
            try await withServer(application, ports) { port in
                try await body(
                    ExampleClient(
                        port: port, authorizationServer: server, elicitations: elicitations, cabinet: cabinet,
                        resource: configuration.resource))
            }
        }
    }

    /// Lets the token `t` carry these scopes.
    func grant(_ scope: String, to token: String = "t", subject: String = "sub_1") {
        var answer = Fixture.answer(issuer: authorizationServer.issuer, now: elicitations.clock.now)
        answer["scope"] = .string(scope)
        answer["sub"] = .string(subject)
        answer["aud"] = .string(resource)
        answer["exp"] = .integer(elicitations.clock.now + 100_000)
        authorizationServer.change { $0.answers[token] = answer }
    }

    func post(
        _ body: JSON, _ fields: [(String, String)] = [], token: String? = "t", host: String = host,
        accept: String = "application/json, text/event-stream"
    ) async throws -> RawHTTP.Answer {
        try await post(bytes: Array(body.text.utf8), fields, token: token, host: host, accept: accept)
    }

    func post(
        bytes: [UInt8], _ fields: [(String, String)] = [], token: String? = "t", host: String = host,
        accept: String = "application/json, text/event-stream", type: String = "application/json"
    ) async throws -> RawHTTP.Answer {
        var all = [("Host", host), ("Content-Type", type), ("Accept", accept)]
        if let token { all.append(("Authorization", "Bearer " + token)) }
        return try await RawHTTP(fields: all + fields, body: bytes).send(to: port)
    }

    /// A message of 2026-07-28 with all that belongs to it.
    func stateless(
        _ method: String, _ parameters: JSONObject = [:], capabilities: JSON = [:], token: String = "t"
    ) async throws -> RawHTTP.Answer {
        var fields = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)]
        if let name = parameters["name"]?.string { fields.append(("Mcp-Name", name)) }
        let message = Self.message(method, parameters, capabilities: capabilities)
        return try await post(message, fields, token: token)
    }

    static func message(
        _ method: String, _ parameters: JSONObject = [:], version: JSON = "2026-07-28", capabilities: JSON = [:]
    ) -> JSON {
        var all = parameters
        all["_meta"] = [
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientInfo": ["name": "test", "version": "1"],
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        ]
        return ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .object(all)]
    }
}

extension JSONObject {
    /// The text of a tool's answer.
    var toolText: String? { self["result"]?.object?["content"]?.array?.first?.object?["text"]?.string }
    /// The number of an error.
    var errorCode: Int64? { self["error"]?.object?["code"]?.integer }
}
