import Hummingbird
import JOSE
import NIOCore
import Synchronization

@testable import ResourceServer

/// An authorization server's stream of events, and the sessions that an MCP server ends there.
final class FakeStream: Sendable {
    struct State {
        /// What it says about the stream; nil when it cannot be asked.
        var status: JSONObject? = ["delivery": "push", "status": "enabled", "since": 0]
        /// What waits to be fetched: event tokens by their names.
        var sets: [(String, String)] = []
        var isMore = false
        var polls: [JSONObject] = []
        var ended: [String] = []
        var endStatus = 204
        /// The bodies of requirements, behind their sessions, and what answers them.
        var required: [String] = []
        var requireStatus = 200
        /// The bodies that asked for a verification event.
        var verifications: [String] = []
        var asked = 0
    }

    private let state = Mutex(State())

    func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
    func read<Value: Sendable>(_ read: (State) -> Value) -> Value { state.withLock { read($0) } }

    func routes(_ router: Router<BasicRequestContext>) {
        router.get("/events/status") { _, _ in
            self.change { $0.asked += 1 }
            guard let status = self.read({ $0.status }) else { return Response(status: .serviceUnavailable) }
            return Self.json(status)
        }
        router.post("/events/poll") { request, _ in
            let body = try await request.body.collect(upTo: 65_536)
            let asked = try JSONObject(parsing: Array(body.readableBytesView))
            return self.poll(asked)
        }
        router.delete("/sessions/:sid") { _, context in
            self.change { $0.ended.append(context.parameters.get("sid") ?? "") }
            let status = self.read { $0.endStatus }
            guard status == 204 else {
                return Self.json(["error": "not_found", "error_description": "There is none."], .init(code: status))
            }
            return Response(status: .noContent)
        }
    }

    /// The routes of what an MCP server asks for: a fresh sign-in, and a verification event.
    func demandRoutes(_ router: Router<BasicRequestContext>) {
        router.post("/sessions/:sid/require") { request, context in
            let body = String(buffer: try await request.body.collect(upTo: 65_536))
            self.change { $0.required.append((context.parameters.get("sid") ?? "") + " " + body) }
            return Self.json([:], .init(code: self.read { $0.requireStatus }))
        }
        router.post("/events/verify") { request, _ in
            let body = String(buffer: try await request.body.collect(upTo: 65_536))
            self.change { $0.verifications.append(body) }
            return Response(status: .noContent)
        }
    }

    private func poll(_ asked: JSONObject) -> Response {
        let answer = state.withLock { state -> JSONObject in
            state.polls.append(asked)
            let settled = Set(
                (asked["ack"]?.strings ?? []) + (asked["setErrs"]?.object?.members.map(\.name) ?? []))
            state.sets.removeAll { settled.contains($0.0) }
            var sets = JSONObject()
            for (name, token) in state.sets { sets[name] = .string(token) }
            return ["sets": .object(sets), "moreAvailable": .bool(state.isMore)]
        }
        return Self.json(answer)
    }

    private static func json(_ object: JSONObject, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: object.bytes)))
    }
}

/// What a handler does with the ends of sessions.
struct SessionEar: Sendable {
    let hear: @Sendable (SessionRevocation) async throws -> Void
}

/// An MCP server that verifies tokens itself and hears of the ends of sessions.
struct SessionScene {
    static let caep = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"

    let server: FakeAuthorizationServer
    let stream: FakeStream
    let clock: ManualClock
    let key: SigningKey
    let elicitations: Elicitations
    let receiver: EventReceiver
    let resource: ProtectedResource

    /// Plays a test two minutes after the receiver was made, so that fresh tokens are younger than it.
    static func play(
        remembering limit: Int = 100_000,
        ear: SessionEar = SessionEar { _ in },
        _ body: (SessionScene) async throws -> Void
    ) async throws {
        let (clock, key, stream, server) = (
            ManualClock(), SigningKey.generate(), FakeStream(), FakeAuthorizationServer()
        )
        server.change { $0.keys = [key.jwk] }
        func addRoutes(_ router: Router<BasicRequestContext>) {
            stream.routes(router)
            stream.demandRoutes(router)
        }
        try await server.run(adding: addRoutes) {
            let configuration = Fixture.configuration(issuer: server.issuer, verification: .local, clock: clock)
            let elicitations = try Elicitations(configuration, clientID: "res_1", clientSecret: "gate_s_x")
            let receiver = EventReceiver(
                elicitations, sleep: { _ in await Task.yield() }, whenRevoked: ear.hear, remembering: limit)
            let resource = try ProtectedResource(configuration, events: receiver)
            clock.advance(120)
            try await body(
                SessionScene(
                    server: server, stream: stream, clock: clock, key: key, elicitations: elicitations,
                    receiver: receiver, resource: resource))
        }
    }

    /// A token of a session, issued so many seconds ago; introspection returns it as active unless the test says otherwise.
    func token(_ session: String = "ses_1", age: Int64 = 0, isLive: Bool = true) throws -> String {
        var claims = Fixture.claims(issuer: server.issuer, now: clock.now - age)
        claims["sid"] = .string(session)
        let token = try JWT.sign(typ: "at+jwt", claims: claims, with: key)
        var answer = claims
        answer["active"] = .bool(isLive)
        answer["token_type"] = "Bearer"
        server.change { $0.answers[token] = answer }
        return token
    }

    /// The event of a session's end, with some claims changed.
    func revoked(_ session: String = "ses_1", _ changes: [String: JSON?] = [:], id: String? = nil) throws -> String {
        var claims: JSONObject = [
            "iss": .string(server.issuer), "aud": .string(Fixture.resource), "iat": .integer(clock.now),
            "jti": .string(id ?? "evt_" + session), "txn": .string(session),
            "sub_id": [
                "format": "complex", "session": ["format": "opaque", "id": .string(session)],
                "user": ["format": "iss_sub", "iss": .string(server.issuer), "sub": "sub_1"],
            ],
            "events": .object([
                Self.caep: [
                    "event_timestamp": .integer(clock.now), "initiating_entity": "admin",
                    "reason_admin": ["en": "An administrator ended the session."],
                ]
            ]),
        ]
        for (name, value) in changes { claims[name] = value }
        return try JWT.sign(typ: "secevent+jwt", claims: claims, with: key)
    }

    func push(_ event: String) async -> EventReply {
        await receiver.receive(Array(event.utf8), contentType: "application/secevent+jwt")
    }

    /// What a call with this token is refused with; nil when it is let through.
    func refused(_ token: String) async -> Refusal.Kind? {
        await refusal { try await resource.authorize(authorizationHeader: "Bearer " + token) }?.kind
    }

    /// How often the authorization server was asked about a token.
    var questions: Int { server.hits("/introspect") }
}
