import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

/// What a session was last earned with.
enum EarnedBy: CaseIterable, Sendable {
    case code, refreshToken
}

/// Everything that ends a session, each by the route that is meant for it.
enum EndCause: CaseIterable, Sendable {
    case admin, person, client, resource, refreshReuse, codeReplay, replacement, userDisabled, clientBlocked,
        clientRemoved, resourceRemoved, hostExcluded, accessLost, time, idle

    /// The reason that the row names.
    var reason: SessionEndReason {
        switch self {
        case .admin: .revokedByAdmin
        case .person: .revokedByPerson
        case .client: .revokedByClient
        case .resource: .revokedByResource
        case .refreshReuse: .refreshTokenReused
        case .codeReplay: .codeReplayed
        case .replacement: .replaced
        case .userDisabled: .userDisabled
        case .clientBlocked: .clientBlocked
        case .clientRemoved: .clientRemoved
        case .resourceRemoved: .resourceRemoved
        case .hostExcluded: .hostExcluded
        case .accessLost: .accessLost
        case .time, .idle: .expired
        }
    }

    /// At whose will, as the row and the event name it.
    var initiator: InitiatingEntity {
        switch self {
        case .admin, .userDisabled, .clientBlocked, .clientRemoved, .resourceRemoved, .hostExcluded,
            .accessLost:
            .admin
        case .person, .replacement: .user
        case .refreshReuse, .codeReplay: .policy
        case .client, .resource, .time, .idle: .system
        }
    }

    /// Whether it is about clients that bring a document.
    var isOfDocuments: Bool { self == .hostExcluded }
    var isExpiry: Bool { self == .time || self == .idle }
    /// Expiry causes no event, and neither does the removal of the recipient.
    var isTold: Bool { !isExpiry && self != .resourceRemoved }

    func happen(in scene: LiveScene) async throws {
        let h = scene.h
        switch self {
        case .admin: try await h.administer(.sessions(.revoke(SessionSelection(ids: [scene.id.string]), reason: nil)))
        case .person:
            let page = try await h.account(scene.browser)
            _ = try await h.step(scene.browser, at: page, "end", [("session", scene.id.string)])
        case .client:
            _ = try await h.send(
                "/revoke", [("token", scene.tokens.refresh ?? ""), ("client_id", h.registered.id.string)])
        case .resource: _ = try await h.call(.delete, "/sessions/\(scene.id)")
        case .refreshReuse:
            for _ in 0..<5 { _ = try await h.refresh(try await h.refresh(scene.tokens.refresh).tokens.refresh) }
            h.clock.advance(by: 121)
            _ = try await h.refresh(scene.tokens.refresh)
        case .codeReplay:
            h.clock.advance(by: 2)
            _ = try await h.redeem(scene.code)
        case .replacement: _ = try await h.tokens(scene.browser, more: [("replace", "yes")])
        case .userDisabled: try await h.administer(.users(.disable(name: "ada")))
        case .clientBlocked: try await h.administer(.clients(.block("quill")))
        case .clientRemoved: try await h.administer(.clients(.remove("quill")))
        case .resourceRemoved: try await h.administer(.resources(.remove(h.resource.id.string)))
        case .hostExcluded: try await h.policy(SessionPolicyChange(clientHosts: ["desk.example"]))
        case .accessLost: try await h.changeAccess(AccessChange(users: []))
        case .time: h.clock.advance(by: 43_200)
        case .idle: h.clock.advance(by: 14 * 86_400)
        }
        if isExpiry {
            _ = try await h.gatehouse.store.write { [now = h.clock.now] in try $0.housekeep(now: now, limit: 100) }
        }
    }
}

/// A session with everything that can hang on one.
struct LiveScene: Sendable {
    let h: Harness
    let browser: TestBrowser
    let id: SessionID
    let code: Redeemable
    let tokens: Tokens
    /// A pending elicitation, which the account page lists.
    let open: Asked
    let page: TestResponse
    /// Approved, and not collected.
    let done: Asked

    /// Runs a test with a session whose MCP server polls its events and has a connected account.
    static func play(
        _ earned: EarnedBy, lifetime: String = "12h", documents: Bool = false,
        _ test: @Sendable @escaping (LiveScene) async throws -> Void
    ) async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run(documents: documents) { h in
            try await h.providers.add(provider)
            _ = try await h.poll()
            let browser = h.browser()
            let code = try await h.code(browser, lifetime: lifetime)
            var tokens = try await h.redeem(code).tokens
            if earned == .refreshToken { tokens = try await h.refresh(tokens.refresh).tokens }
            _ = try await h.providers.connect(tokens.access, browser)
            let done = try await h.askAnew(tokens.access, "done")
            _ = try await h.press(browser, done, "approve", at: try await h.open(browser, done))
            let open = try await h.askAnew(tokens.access, "open")
            let page = try await h.open(browser, open)
            #expect(try await h.stored(done)?.status == .completed && page.input("token") != nil)
            #expect(try await h.providers.exchange(tokens.access).status == .ok)
            let id = try #require(try await h.sessions().first?.id)
            try await test(
                LiveScene(
                    h: h, browser: browser, id: id, code: code, tokens: tokens, open: open, page: page, done: done))
        }
        try await provider.stop()
    }
}

/// What the database holds of a session, as far as its end concerns it.
struct EndedState: Equatable, Sendable {
    var session: Session?
    var generation: UInt32?
    var codes: Bool
    var events: [EventID]
    var records: [AuditEntry]
    var elicitations: [ElicitationStatus]
    var isContentKept: Bool

    init(_ scene: LiveScene) async throws {
        let (id, code, asked) = (scene.id, scene.code.code, [scene.open.id, scene.done.id])
        self = try await scene.h.gatehouse.store.read { tx in
            let asked = try asked.compactMap { try ElicitationID($0).flatMap(tx.elicitations.find) }
            return try EndedState(
                session: tx.sessions.find(id), generation: tx.sessions.grant(id)?.generation,
                codes: AuthorizationCode(code).map { try tx.codes.find($0.digest) != nil } ?? false,
                events: tx.events.list(limit: 100).filter { $0.sessionID == id }.map(\.event.id),
                records: tx.audit.tail(limit: 500).map(\.entry).filter { $0.session == id },
                elicitations: asked.map(\.status), isContentKept: asked.contains { $0.content != nil })
        }
    }

    private init(
        session: Session?, generation: UInt32?, codes: Bool, events: [EventID], records: [AuditEntry],
        elicitations: [ElicitationStatus], isContentKept: Bool
    ) {
        (self.session, self.generation, self.codes, self.events) = (session, generation, codes, events)
        (self.records, self.elicitations, self.isContentKept) = (records, elicitations, isContentKept)
    }
}

extension Harness {
    /// Runs a test whose client is registered by hand, or brings a document that says the same.
    static func run(
        documents: Bool, _ test: @Sendable @escaping (Harness) async throws -> Void
    ) async throws {
        guard documents else { return try await run(test) }
        try await DocumentScene.play { scene in
            scene.host.publish(["redirect_uris": [.string(Self.redirect), .string(Self.loopback)]])
            var h = scene.h
            h.registered = RegisteredClient(
                id: try ClientID(scene.host.id()), name: "Travelling Notebook", redirectURIs: [],
                createdAt: h.clock.now)
            try await test(h)
        }
    }

    /// Changes the session policy of an MCP server, the first one by default, as an operator does.
    @discardableResult
    func policy(_ change: SessionPolicyChange, of resource: ResourceID? = nil) async throws -> AdministrationAnswer {
        let id = resource ?? self.resource.id
        return try await administer(.resources(.policy(id.string, change.policy)))
    }

    /// Runs an operator's command.
    @discardableResult
    func administer(_ request: AdministrationRequest) async throws -> AdministrationAnswer {
        let administration = Administration(
            store: gatehouse.store, keys: gatehouse.keys, issuer: gatehouse.settings.issuer, clock: clock.wall)
        return try await administration.run(request, by: Administrator(uid: 1000, claimed: nil))
    }

    /// Fetches events as the MCP server does.
    func poll(as server: AskingServer? = nil) async throws -> TestResponse {
        try await call(.post, "/events/poll", ["returnImmediately": true], as: server)
    }
}
