import Hummingbird
import JOSE
import Logging
import NIOCore
import Synchronization
import Testing

/// An authorization server on a real socket that says what a test wants it to say.
final class FakeAuthorizationServer: Sendable {
    struct State {
        /// Replaces the metadata where a test needs a wrong one.
        var metadata: JSONObject?
        var keys: [JWK] = []
        var answers: [String: JSONObject] = [:]
        var introspectionStatus = 200
        /// The `Authorization` header fields that introspection refuses with 401.
        var refused: Set<String> = []
        var isDown = false
        var hits: [String: Int] = [:]
        var credentials: [String] = []
        var forms: [String] = []
    }

    private let state = Mutex(State())
    private let address = Mutex("")

    var issuer: String { address.withLock { $0 } }

    func change(_ change: (inout State) -> Void) {
        state.withLock { change(&$0) }
    }

    func read<Value: Sendable>(_ read: (State) -> Value) -> Value {
        state.withLock { read($0) }
    }

    func hits(_ path: String) -> Int {
        state.withLock { $0.hits[path] ?? 0 }
    }

    /// Runs the server for as long as the body takes.
    static func run(_ body: (FakeAuthorizationServer) async throws -> Void) async throws {
        let server = FakeAuthorizationServer()
        try await server.run(adding: { _ in }, { try await body(server) })
    }

    /// Runs this server, with more routes, for as long as the body takes.
    func run(
        adding routes: (Router<BasicRequestContext>) -> Void, _ body: () async throws -> Void
    ) async throws {
        let router = router()
        routes(router)
        try await withServer(router: router) { port in
            address.withLock { $0 = "http://127.0.0.1:\(port)" }
            try await body()
        }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/.well-known/oauth-authorization-server") { _, _ in self.metadata() }
        router.get("/jwks") { _, _ in self.answer("/jwks", JWKSet(self.read { $0.keys }).json) }
        router.post("/introspect") { request, _ in
            let form = try await String(buffer: request.body.collect(upTo: 16_384))
            return self.introspection(request.headers[.authorization] ?? "", form)
        }
        return router
    }

    private func metadata() -> Response {
        let issuer = self.issuer
        let usual: JSONObject = [
            "issuer": .string(issuer), "jwks_uri": .string(issuer + "/jwks"),
            "introspection_endpoint": .string(issuer + "/introspect"), "token_endpoint": .string(issuer + "/token"),
        ]
        return answer("metadata", read { $0.metadata } ?? usual)
    }

    private func introspection(_ credentials: String, _ form: String) -> Response {
        change {
            $0.credentials.append(credentials)
            $0.forms.append(form)
        }
        let token = form.split(separator: "&").first { $0.hasPrefix("token=") }?.dropFirst(6) ?? ""
        let (status, known) = read {
            ($0.refused.contains(credentials) ? 401 : $0.introspectionStatus, $0.answers[String(token)])
        }
        var response = answer("/introspect", known ?? ["active": false])
        if status != 200 { response.status = .init(code: status) }
        return response
    }

    private func answer(_ path: String, _ object: JSONObject) -> Response {
        change { $0.hits[path, default: 0] += 1 }
        guard !read({ $0.isDown }) else { return Response(status: .serviceUnavailable) }
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: object.bytes)))
    }
}

/// Runs a router on a port of this machine's loopback for as long as the body takes.
func withServer(
    router: Router<BasicRequestContext>, _ body: (_ port: Int) async throws -> Void
) async throws {
    let (ports, port) = AsyncStream<Int>.makeStream()
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let application = Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) }, logger: logger)
    try await withServer(application, ports, body)
}

/// The same for an application that tells its port to a stream.
func withServer(
    _ application: some ApplicationProtocol, _ ports: AsyncStream<Int>, _ body: (_ port: Int) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.run() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        do {
            try await body(port)
        } catch {
            group.cancelAll()
            throw error
        }
        group.cancelAll()
        while let ended = await group.nextResult() { _ = ended }
    }
}
