import Foundation
import HTTPTypes
import Hummingbird
import JOSE
import Logging
import NIOCore
import Synchronization
import TestSupport

@testable import ResourceServer

/// An MCP server in the tests' own process that verifies tokens by itself, and hears of ended sessions from a Gatehouse in a
/// process of its own; its clock is the test's.
final class VerifyingServer: Sendable {
    /// An event as it came through the door.
    struct Pushed: Sendable {
        let claims: JSONObject
        let status: Int
    }

    private final class Memory: Sendable {
        /// Seconds by which the clock of this MCP server is ahead of the machine's.
        let shift = Mutex<Int64>(-VerifyingServer.age)
        let isDoorShut = Mutex(false)
        let pushed = Mutex<[Pushed]>([])
        let heard = Mutex<[SessionRevocation]>([])

        var now: Int64 { Int64(Date().timeIntervalSince1970) + shift.withLock { $0 } }
    }

    /// How long ago it was started, in seconds: tokens from the first minute of listening would be asked about.
    static let age: Int64 = 200

    let resource: String
    let port: Int
    private let memory: Memory
    private let receiver: EventReceiver
    private let protected: ProtectedResource

    /// Starts one at a port that was registered, as if a while ago; its clock stands in that past until `catchUp()`.
    init(at port: Int, issuer: String, credentials: Scene.Credentials) throws {
        let memory = Memory()
        self.memory = memory
        self.port = port
        resource = Self.resource(at: port)
        var configuration = ProtectedResourceConfiguration(
            resource: resource, issuer: issuer, scopes: ["files:read"], verification: .local)
        configuration.clock = { memory.now }
        // It runs beside builds and browsers on machines of all sizes.
        configuration.answerTimeout = 15
        let elicitations = try Elicitations(
            configuration, clientID: credentials.id, clientSecret: credentials.secret)
        receiver = EventReceiver(elicitations, whenRevoked: { event in memory.heard.withLock { $0.append(event) } })
        protected = try ProtectedResource(configuration, events: receiver)
    }

    static func resource(at port: Int) -> String { "http://127.0.0.1:\(port)/mcp" }
    static func endpoint(at port: Int) -> String { "http://127.0.0.1:\(port)/events" }

    /// The events that were pushed to it, with what it answered.
    var pushed: [Pushed] { memory.pushed.withLock { $0 } }
    /// The ended sessions that its handler received.
    var heard: [SessionRevocation] { memory.heard.withLock { $0 } }

    /// Lets its clock go with the machine's.
    func catchUp() { memory.shift.withLock { $0 = 0 } }
    /// Moves its clock, and no other.
    func advance(by seconds: Int64) { memory.shift.withLock { $0 += seconds } }
    /// From now on events are answered as by a server that is about to stop.
    func shutDoor() { memory.isDoorShut.withLock { $0 = true } }

    /// Whether it knows now, by polling, of each end of a session whose token is issued from now on.
    var isInformed: Bool {
        get async {
            let now = memory.now
            return await receiver.coverage.covers(issuedAt: now + Self.age, now: now)
        }
    }

    /// Fetches events until the task is cancelled.
    func poll() async { await receiver.poll() }

    /// A request with a token.
    func call(_ token: String) async throws -> LoopbackHTTP.Response {
        try await LoopbackHTTP(port: port).get("/mcp", headers: [("Authorization", "Bearer \(token)")])
    }

    /// Calls again until it is answered so.
    func expect(_ status: Int, for token: String, within tries: Int) async throws -> LoopbackHTTP.Response {
        var answer = try await call(token)
        for _ in 1..<max(tries, 2) where answer.status != status && tries > 1 {
            try await Task.sleep(for: .milliseconds(10))
            answer = try await call(token)
        }
        guard answer.status == status else {
            throw StageFailure("the MCP server answers \(answer.status), not \(status)")
        }
        return answer
    }

    /// Serves for as long as `body` takes.
    func serving<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        let (running, started) = AsyncStream<Void>.makeStream()
        let application = Application(
            router: router(), configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { _ in started.finish() }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            for await _ in running {}
            let result = try await body()
            group.cancelAll()
            return result
        }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/mcp") { request, _ in
            do {
                let access = try await self.protected.authorize(authorizationHeader: request.headers[.authorization])
                return Self.answer(200, [], Array(access.subject.utf8))
            } catch let refusal as Refusal {
                return Self.answer(refusal.status, refusal.fields, Array(refusal.message.utf8))
            }
        }
        router.post("/events") { request, _ in
            let body = try await request.body.collect(upTo: 16_384)
            guard !self.memory.isDoorShut.withLock({ $0 }) else { return Self.answer(503, [], []) }
            let bytes = Array(body.readableBytesView)
            let reply = await self.receiver.receive(bytes, contentType: request.headers[.contentType])
            if let claims = Self.claims(of: bytes) {
                self.memory.pushed.withLock { $0.append(Pushed(claims: claims, status: reply.status)) }
            }
            return Self.answer(reply.status, reply.fields.map { ($0.key, $0.value) }, reply.body)
        }
        return router
    }

    private static func answer(_ status: Int, _ fields: [(name: String, value: String)], _ body: [UInt8]) -> Response {
        var response = Response(
            status: .init(code: status), body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
        for (name, value) in fields {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    private static func claims(of token: [UInt8]) -> JSONObject? {
        let parts = String(decoding: token, as: UTF8.self).split(separator: ".")
        guard parts.count == 3, let bytes = Base64URL.decode(parts[1]) else { return nil }
        return try? JSONObject(parsing: bytes)
    }
}
