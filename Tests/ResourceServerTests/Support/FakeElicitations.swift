import Hummingbird
import JOSE
import NIOCore
import OAuth
import Synchronization

/// Elicitations as an authorization server keeps them, with a person who acts when the test says so.
final class FakeElicitations: Sendable {
    struct Entry {
        let id: String
        let body: JSONObject
        let person: JSONObject
        let digest: Digest
        let expiresAt: Int64
        var status = "pending"
        var version: Int64 = 1
        var isCollected = false
        var isOpen: Bool { status == "pending" || status == "opened" }
    }

    struct State {
        var entries: [Entry] = []
        /// When the person acts, and how; a wait that reaches that moment ends there.
        var plan: (at: Int64, status: String)?
        /// Whether a wait lasts until something changes, instead of letting the clock run ahead.
        var isHeld = false
        var waiting: [AsyncStream<Void>.Continuation] = []
        var waits: [String] = []
        var credentials: [String] = []
        var verifications: [String] = []
        /// Answered instead of anything else.
        var failure: (status: Int, body: String)?
        /// Changes the claims of the next approval.
        var forge: @Sendable (inout JSONObject) -> Void = { _ in }
        var approvalType = "gatehouse-approval+jwt"
        var signingKey: SigningKey?
    }

    let clock: ManualClock
    let key = SigningKey.generate()
    private let server: FakeAuthorizationServer
    private let state = Mutex(State())

    init(_ server: FakeAuthorizationServer, clock: ManualClock) {
        self.server = server
        self.clock = clock
        server.change { $0.keys = [key.jwk] }
    }

    func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
    func read<Value: Sendable>(_ read: (State) -> Value) -> Value { state.withLock { read($0) } }

    /// The person acts on the newest elicitation.
    func act(_ status: String) {
        change { state in
            guard let index = state.entries.indices.last, state.entries[index].isOpen else { return }
            state.entries[index].status = status
            state.entries[index].version += 1
            for waiting in state.waiting { waiting.yield() }
            state.waiting = []
        }
    }

    func routes(_ router: Router<BasicRequestContext>) {
        router.post("/elicitations") { request, _ in
            let body = try await request.body.collect(upTo: 65_536)
            return self.create(try JSONObject(parsing: Array(body.readableBytesView)), request)
        }
        router.get("/elicitations/:id") { request, context in
            let wait = Int64(request.uri.queryParameters["wait"].map(String.init) ?? "0") ?? 0
            if wait > 0 { await self.wait(wait, String(request.uri.query ?? "")) }
            return self.show(context.parameters.get("id") ?? "", request)
        }
        router.delete("/elicitations/:id") { request, context in
            self.act("cancelled")
            return self.show(context.parameters.get("id") ?? "", request)
        }
        router.post("/elicitations/:id/result") { request, context in
            try self.collect(context.parameters.get("id") ?? "", request)
        }
        router.post("/events/verify") { request, _ in
            let body = try await request.body.collect(upTo: 65_536)
            return self.verify(try JSONObject(parsing: Array(body.readableBytesView)), request)
        }
    }

    private func create(_ body: JSONObject, _ request: Request) -> Response {
        answer(request) { state in
            let token = body["subject_token"]?.string ?? ""
            guard let person = server.read({ $0.answers[token] }) else {
                return (400, ["error": "invalid_subject_token", "error_description": "Send the person's live token."])
            }
            guard let action = body["action"]?.object, let canonical = try? action.canonical() else {
                return (400, ["error": "invalid_request", "error_description": "action is missing."])
            }
            let digest = Digest.sha256(canonical)
            if let known = state.entries.last(where: {
                $0.digest == digest && ($0.isOpen || $0.status == "completed" && !$0.isCollected)
                    && $0.person["sub"] == person["sub"] && $0.person["client_id"] == person["client_id"]
            }) {
                return (200, Self.json(known, link: true))
            }
            let lifetime = body["expires_in"]?.integer ?? 900
            let entry = Entry(
                id: "eli_\(state.entries.count + 1)", body: body, person: person, digest: digest,
                expiresAt: clock.now + lifetime)
            state.entries.append(entry)
            return (201, Self.json(entry, link: true))
        }
    }

    private func show(_ id: String, _ request: Request) -> Response {
        answer(request) { state in
            guard let index = state.entries.firstIndex(where: { $0.id == id }) else {
                return (404, ["error": "not_found", "error_description": "There is no such elicitation."])
            }
            return (200, Self.json(state.entries[index], link: false))
        }
    }

    /// Time has gone by: people have acted, or it is too late.
    private func settle(_ state: inout State) {
        for index in state.entries.indices where state.entries[index].isOpen {
            if let plan = state.plan, clock.now >= plan.at { state.entries[index].status = plan.status }
            if state.entries[index].isOpen, clock.now >= state.entries[index].expiresAt {
                state.entries[index].status = "expired"
            }
        }
    }

    private func wait(_ seconds: Int64, _ query: String) async {
        let changed = state.withLock { state -> AsyncStream<Void>? in
            state.waits.append(query)
            let isOpen = state.entries.last?.isOpen == true
            guard state.isHeld else {
                let end = clock.now + seconds
                let moment = isOpen ? min(end, max(clock.now, state.plan?.at ?? end)) : clock.now
                clock.advance(moment - clock.now)
                return nil
            }
            guard isOpen else { return nil }
            let (stream, continuation) = AsyncStream<Void>.makeStream()
            state.waiting.append(continuation)
            return stream
        }
        guard let changed else { return }
        for await _ in changed { break }
    }

    private func collect(_ id: String, _ request: Request) throws -> Response {
        answer(request) { state in
            guard let index = state.entries.firstIndex(where: { $0.id == id }) else {
                return (404, ["error": "not_found"])
            }
            guard state.entries[index].status == "completed" else { return (409, ["error": "not_completed"]) }
            guard !state.entries[index].isCollected else { return (410, ["error": "already_collected"]) }
            state.entries[index].isCollected = true
            var claims = self.claims(of: state.entries[index])
            state.forge(&claims)
            let signed = try? JWT.sign(typ: state.approvalType, claims: claims, with: state.signingKey ?? key)
            return (200, ["id": .string(id), "kind": "confirm", "approval": .string(signed ?? "")])
        }
    }

    private func claims(of entry: Entry) -> JSONObject {
        [
            "iss": .string(server.issuer), "sub": entry.person["sub"] ?? .null, "aud": .string(Fixture.resource),
            "client_id": entry.person["client_id"] ?? .null, "sid": entry.person["sid"] ?? .null, "jti": "apr_1",
            "iat": .integer(clock.now), "exp": .integer(clock.now + 300), "elicitation": .string(entry.id),
            "action": entry.body["action"]?.object?["name"] ?? .null, "digest": .string(entry.digest.base64URL),
            "auth_time": .integer(clock.now - 10),
        ]
    }

    private func verify(_ body: JSONObject, _ request: Request) -> Response {
        answer(request) { state in
            state.verifications.append(body["state"]?.string ?? "")
            return (204, nil)
        }
    }

    private func answer(_ request: Request, _ decide: (inout State) -> (Int, JSONObject?)) -> Response {
        let (status, text) = state.withLock { state -> (Int, String) in
            state.credentials.append(request.headers[.authorization] ?? "")
            if let failure = state.failure { return failure }
            settle(&state)
            let (status, object) = decide(&state)
            return (status, object?.text ?? "")
        }
        return Response(
            status: .init(code: status), headers: [.contentType: "application/json", .retryAfter: "7"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    private static func json(_ entry: Entry, link: Bool) -> JSONObject {
        var object: JSONObject = [
            "id": .string(entry.id), "kind": "confirm", "status": .string(entry.status),
            "version": .integer(entry.version), "expires_at": .string(Timestamp(seconds: entry.expiresAt).rfc3339),
        ]
        if link {
            object["url"] = .string("http://127.0.0.1:1/e/\(entry.id)-page")
            object["digest"] = .string(entry.digest.base64URL)
        }
        return object
    }
}
