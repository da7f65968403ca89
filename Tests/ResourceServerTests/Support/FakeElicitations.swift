import Hummingbird
import JOSE
import NIOCore
import OAuth
import Synchronization

/// A fake authorization server for elicitations, with a user who acts when the test says so.
final class FakeElicitations: Sendable {
    struct Entry {
        let id: String
        let kind: String
        /// Who asked, as the Authorization field said it.
        let asker: String
        let body: JSONObject
        let person: JSONObject
        let digest: Digest
        let expiresAt: Int64
        var status = "pending"
        var version: Int64 = 1
        var isCollected = false
        var claim: String?
        /// The user's ticket, once it is redeemed.
        var ticket: String?
        var isOpen: Bool { status == "pending" || status == "opened" }
    }

    struct State {
        var entries: [Entry] = []
        /// When and how the user acts; a wait that reaches that time ends then.
        var plan: (at: Int64, status: String)?
        /// Whether a wait lasts until something changes, instead of letting the clock run ahead.
        var isHeld = false
        var waiting: [AsyncStream<Void>.Continuation] = []
        var waits: [String] = []
        var credentials: [String] = []
        var verifications: [String] = []
        /// Answered instead of anything else.
        var failure: (status: Int, body: String)?
        /// Changes the claims of approvals.
        var forge: @Sendable (inout JSONObject) -> Void = { _ in }
        /// Changes the bodies of results.
        var forgeResult: @Sendable (inout JSONObject) -> Void = { _ in }
        /// The values that the user enters.
        var content: JSONObject = ["api_key": "canary-key"]
        /// The handles of elicitations, by the tickets that were given for them and not redeemed.
        var tickets: [String: String] = [:]
        /// The answer to an exchange of tokens: status and body.
        var exchange: (Int, JSONObject) = (400, ["error": "invalid_grant", "error_description": "Connect it."])
        var exchanges: [String] = []
        /// The reported outcome.
        var checkpoints: [JSONObject] = []
        /// Whether reports are lost.
        var isDeaf = false
        var approvalType = "gatehouse-approval+jwt"
        var signingKey: SigningKey?
    }

    let clock: ManualClock
    let key = SigningKey.generate()
    let server: FakeAuthorizationServer
    private let state = Mutex(State())

    init(_ server: FakeAuthorizationServer, clock: ManualClock) {
        self.server = server
        self.clock = clock
        server.change { $0.keys = [key.jwk] }
    }

    func change(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
    func read<Value: Sendable>(_ read: (State) -> Value) -> Value { state.withLock { read($0) } }

    /// Acts as the user on the newest elicitation.
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
        router.get("/elicitations") { request, _ in
            self.list(after: request.uri.queryParameters["after"].map(String.init), request)
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
        router.post("/checkpoints") { request, _ in
            let body = try await request.body.collect(upTo: 65_536)
            let report = try JSONObject(parsing: Array(body.readableBytesView))
            return self.answer(request) { state in
                state.checkpoints.append(report)
                return (201, ["evidence": "reported"])
            }
        }
        router.post("/events/verify") { request, _ in
            let body = try await request.body.collect(upTo: 65_536)
            return self.verify(try JSONObject(parsing: Array(body.readableBytesView)), request)
        }
        resultRoutes(router)
    }

    private func create(_ body: JSONObject, _ request: Request) -> Response {
        answer(request) { state in
            let token = body["subject_token"]?.string ?? ""
            guard let person = server.read({ $0.answers[token] }) else {
                return (400, ["error": "invalid_subject_token", "error_description": "Send the person's live token."])
            }
            guard let kind = body["kind"]?.string, let digest = try? Self.digest(kind, body) else {
                return (400, ["error": "invalid_request", "error_description": "action is missing."])
            }
            if let known = state.entries.last(where: {
                $0.digest == digest && ($0.isOpen || $0.status == "completed" && !$0.isCollected)
                    && $0.person["sub"] == person["sub"] && $0.person["client_id"] == person["client_id"]
            }) {
                return (200, Self.json(known, link: true))
            }
            let lifetime = body["expires_in"]?.integer ?? 900
            let entry = Entry(
                id: "eli_\(state.entries.count + 1)", kind: kind, asker: Self.asker(request), body: body,
                person: person, digest: digest, expiresAt: clock.now + lifetime)
            state.entries.append(entry)
            return (201, Self.json(entry, link: true))
        }
    }

    /// The digest that identifies equal requests; for an action that of the action alone.
    private static func digest(_ kind: String, _ body: JSONObject) throws -> Digest {
        if kind == "confirm", let action = body["action"]?.object { return .sha256(try action.canonical()) }
        var asked = body
        for name in ["subject_token", "expires_in", "idempotency_key"] { asked[name] = nil }
        return .sha256(try asked.canonical())
    }

    static func asker(_ request: Request) -> String { request.headers[.authorization] ?? "" }

    /// Another asker's is as unknown as none.
    static func index(of id: String, for request: Request, in state: State) -> Int? {
        state.entries.firstIndex { $0.id == id && $0.asker == asker(request) }
    }

    static let unknown: (Int, JSONObject?) = (
        404, ["error": "not_found", "error_description": "There is no such elicitation."]
    )

    private func show(_ id: String, _ request: Request) -> Response {
        answer(request) { state in
            guard let index = Self.index(of: id, for: request, in: state) else { return Self.unknown }
            return (200, Self.json(state.entries[index], link: false))
        }
    }

    /// The open ones of the asker, two on a page.
    private func list(after id: String?, _ request: Request) -> Response {
        answer(request) { state in
            let own = state.entries.filter { $0.isOpen && $0.asker == Self.asker(request) }
            let rest = id.flatMap { id in own.firstIndex { $0.id == id } }.map { own[($0 + 1)...] } ?? own[...]
            let entries = rest.prefix(2).map { entry in
                var listed = Self.json(entry, link: true)
                listed["subject"] = entry.person["sub"]
                listed["client_id"] = entry.person["client_id"]
                listed["session_id"] = entry.person["sid"]
                listed["idempotency_key"] = entry.body["idempotency_key"]
                return JSON.object(listed)
            }
            var body: JSONObject = ["elicitations": .array(entries)]
            if rest.count > 2 { body["next"] = rest.prefix(2).last.map { .string($0.id) } }
            return (200, body)
        }
    }

    /// Applies what is due: the user's act or the expiry.
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

    private func verify(_ body: JSONObject, _ request: Request) -> Response {
        answer(request) { state in
            state.verifications.append(body["state"]?.string ?? "")
            return (204, nil)
        }
    }

    func answer(_ request: Request, _ decide: (inout State) -> (Int, JSONObject?)) -> Response {
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

    static func json(_ entry: Entry, link: Bool) -> JSONObject {
        var object: JSONObject = [
            "id": .string(entry.id), "kind": .string(entry.kind), "status": .string(entry.status),
            "version": .integer(entry.version), "expires_at": .string(Timestamp(seconds: entry.expiresAt).rfc3339),
        ]
        if link {
            object["url"] = .string("http://127.0.0.1:1/e/\(entry.id)-page")
            if entry.kind == "confirm" { object["digest"] = .string(entry.digest.base64URL) }
        }
        return object
    }
}
