import AuthorizationServer
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Administration")
struct AdministrationTests {
    private let operatorOfTests = Administrator(uid: 1000, claimed: "mallory")

    private func administration(_ harness: Harness) -> Administration {
        Administration(store: harness.gatehouse.store, keys: harness.gatehouse.keys, clock: harness.clock.wall)
    }

    /// Runs a request and returns its answer, or the error of a refusal.
    private func run(_ harness: Harness, _ request: AdministrationRequest) async -> Result<
        AdministrationAnswer, AdministrationError
    > {
        do throws(AdministrationError) {
            return .success(try await administration(harness).run(request, by: operatorOfTests))
        } catch {
            return .failure(error)
        }
    }

    private func rows(_ harness: Harness, _ request: AdministrationRequest) async throws -> [JSONObject] {
        try await run(harness, request).get().rows
    }

    private func lastAction(_ harness: Harness) async throws -> AuditEntry? {
        try await harness.gatehouse.store.read { try $0.audit.tail(limit: 1) }.first?.entry
    }

    /// The results of the next refresh and introspection after an administrator's request.
    private func tokensAreDead(_ harness: Harness, _ tokens: Tokens) async throws -> Bool {
        let active = try await harness.introspect(tokens.access)["active"]?.bool
        let refused = try await harness.refresh(tokens.refresh).error
        return active == false && ["invalid_grant", "invalid_client"].contains(refused)
    }

    @Test(arguments: ["id", "user", "subject", "client", "resource", "all"])
    func `A session revoked by an administrator is refused at the next refresh and introspection`(way: String)
        async throws
    {
        try await Harness.run { harness in
            let tokens = try await harness.tokens()
            let session = try #require(try await harness.sessions().first)
            let selections: [String: SessionSelection] = [
                "id": SessionSelection(ids: [session.id.string]), "user": SessionSelection(user: "ADA"),
                "subject": SessionSelection(user: harness.user.subject.string),
                "client": SessionSelection(client: "quill"),
                "resource": SessionSelection(resource: "https://FILES.example/mcp"), "all": SessionSelection(),
            ]
            let selection = try #require(selections[way])
            let ended = try await rows(harness, .sessions(.revoke(selection, reason: "left the company")))
            #expect(ended.map { $0["id"]?.string } == [session.id.string])
            #expect(ended.first?["state"]?.string == "ended")
            #expect(try await tokensAreDead(harness, tokens))
            let entry = try #require(try await lastAction(harness))
            #expect(
                entry.action == .sessionEnded && entry.explanation == "left the company" && entry.session == session.id)
            #expect(entry.actor == .admin(uid: 1000, claimed: "mallory") && entry.initiator == .human)
            let again = await run(harness, .sessions(.revoke(selection, reason: nil)))
            #expect(throws: AdministrationError.self) { try again.get() }
        }
    }

    @Test func `Revoking the sessions of one client leaves those of another`() async throws {
        try await Harness.run { harness in
            let tokens = try await harness.tokens()
            _ = try await harness.register("other", redirects: [Harness.redirect])
            let none = await run(harness, .sessions(.revoke(SessionSelection(client: "other"), reason: nil)))
            #expect(throws: AdministrationError.self) { try none.get() }
            #expect(try await harness.introspect(tokens.access)["active"]?.bool == true)
        }
    }

    @Test func `A session is listed with its fields in the documented order`() async throws {
        try await Harness.run { harness in
            _ = try await harness.tokens()
            let row = try #require(try await rows(harness, .sessions(.list(SessionSelection(user: "ada")))).first)
            #expect(
                row.members.map(\.name) == [
                    "id", "user", "client_id", "client_name", "client_host", "resource", "scope", "state", "created_at",
                    "expires_at", "last_used_at", "ended_at", "address",
                ])
            #expect(row["user"]?.string == "ada" && row["state"]?.string == "active")
            let idle = try await rows(harness, .sessions(.list(SessionSelection(idleFor: 60))))
            #expect(idle.isEmpty)
            harness.clock.advance(by: 61)
            let later = try await rows(harness, .sessions(.list(SessionSelection(state: "active", idleFor: 60))))
            #expect(later.count == 1)
        }
    }

    @Test func `Disabling a user revokes the sessions with a record each, and enabling restores none`() async throws {
        try await Harness.run { harness in
            let tokens = try await harness.tokens()
            _ = try await rows(harness, .users(.disable(name: "ada")))
            #expect(try await tokensAreDead(harness, tokens))
            #expect(try await harness.browserLogins() == 0)
            _ = try await rows(harness, .users(.enable(name: "ada")))
            #expect(try await tokensAreDead(harness, tokens))
            #expect(try await harness.sessions().map(\.endReason) == [.userDisabled])
        }
    }

    @Test func `Blocking or removing a client, and removing an MCP server, revoke their sessions`() async throws {
        let requests: [AdministrationRequest] = [
            .clients(.block("quill")), .clients(.remove("quill")), .resources(.remove("https://files.example/mcp")),
        ]
        for request in requests {
            try await Harness.run { harness in
                let tokens = try await harness.tokens()
                _ = try await rows(harness, request)
                let session = try #require(try await harness.sessions().first)
                #expect(session.state == .ended)
                if case .clients = request { #expect(try await tokensAreDead(harness, tokens)) }
            }
        }
    }

    @Test func `A removed MCP server that is added again keeps nothing`() async throws {
        try await Harness.run { harness in
            _ = try await rows(harness, .resources(.remove(harness.resource.id.string)))
            let draft = ResourceDraft(identifier: "https://files.example/mcp", name: "Files", owner: "Team")
            let added = try #require(try await rows(harness, .resources(.add(draft))).first)
            #expect(added["id"]?.string != harness.resource.id.string)
            let sessions = try await rows(
                harness, .sessions(.list(SessionSelection(resource: "https://files.example/mcp"))))
            #expect(sessions.isEmpty)
        }
    }

    @Test(arguments: [
        AdministrationRequest.users(.add(name: "a\u{202E}b", email: nil, passwordHash: "x")),
        .users(.add(name: "bob", email: nil, passwordHash: "plain text")),
        .resources(.add(ResourceDraft(identifier: "ftp://a", name: "A", owner: "B"))),
        .resources(.add(ResourceDraft(identifier: "https://a.example", name: "A", owner: " "))),
        .clients(
            .add(ClientDraft(id: nil, name: "A", redirectURIs: ["javascript:x"], authMethod: "none", resources: []))),
        .clients(.add(ClientDraft(id: nil, name: "A", redirectURIs: [], authMethod: "none", resources: []))),
        .clients(.refresh("quill")), .keys(.rotate(purpose: "everything")),
    ])
    func `A refused request leaves neither a row nor a record`(request: AdministrationRequest)
        async throws
    {
        try await Harness.run { harness in
            let before = try await lastAction(harness)
            let outcome = await run(harness, request)
            #expect(throws: AdministrationError.self) { try outcome.get() }
            #expect(try await lastAction(harness) == before)
        }
    }
}

@Suite("Messages of the admin socket")
struct AdministrationWireTests {
    @Test func `A request and an answer are the same after the socket`() throws {
        let request = AdministrationRequest.sessions(.revoke(SessionSelection(user: "ada", idleFor: 60), reason: "x"))
        let message = try AdministrationMessage(parsing: AdministrationMessage(request, claimed: "ada").bytes())
        #expect(message.request == request && message.claimed == "ada" && message.version == 1)
        let answer = AdministrationAnswer.many([["b": 1, "a": .null]], note: "n", warning: "w")
        #expect(try AdministrationAnswer(parsing: AdministrationAnswer.bytes(.success(answer))) == answer)
        let refusal = AdministrationError(.conflict, "There is one already.")
        #expect(throws: refusal) { try AdministrationAnswer(parsing: AdministrationAnswer.bytes(.failure(refusal))) }
    }

    @Test func `an unknown filter revokes nothing`() async throws {
        try await Harness.run { harness in
            _ = try await harness.tokens()
            let administration = Administration(
                store: harness.gatehouse.store, keys: harness.gatehouse.keys, clock: harness.clock.wall)
            func answer(_ selection: String) async throws -> Bool {
                let text = #"{"version":1,"request":{"sessions":{"_0":{"revoke":{"_0":\#(selection)}}}}}"#
                guard case .json(let succeeded, _) = await administration.respond(to: Array(text.utf8), peer: 0) else {
                    return false
                }
                return succeeded
            }
            for selection in [
                #"{"ids":[],"user":"ada","scope":"files:write"}"#, #"{"ids":[],"User":"bob"}"#,
                #"{"ids":[],"user":"ada","user":"ada"}"#, #"{"ids":[],"idleFor":"60"}"#,
            ] {
                #expect(try await !answer(selection), "\(selection)")
            }
            #expect(try await harness.sessions().allSatisfy { $0.state == .active })
            #expect(try await answer(#"{"user":"ada","ids":[]}"#))
            #expect(try await harness.sessions().allSatisfy { $0.state == .ended })
        }
    }

    @Test(arguments: [Int.min, -1, 0, 10_001, .max])
    func `an extreme count neither stops the server nor fills its memory`(count: Int)
        async throws
    {
        try await Harness.run { harness in
            let administration = Administration(
                store: harness.gatehouse.store, keys: harness.gatehouse.keys, clock: harness.clock.wall)
            for request: AdministrationRequest in [
                .audit(.tail(AuditSelection(), count: count)),
                .sessions(.list(SessionSelection(idleFor: count < 0 ? Int64(count) : -5))),
            ] {
                await #expect(throws: AdministrationError.self) {
                    try await administration.run(request, by: Administrator(uid: 0, claimed: nil))
                }
            }
        }
    }

    @Test(arguments: [#"{"version":2,"request":{}}"#, #"{"version":1,"request":{"magic":{}}}"#, "", "[]", "{}"])
    func `Another version or shape is refused with an error`(text: String) async throws {
        try await Harness.run { harness in
            let administration = Administration(
                store: harness.gatehouse.store, keys: nil, clock: harness.clock.wall)
            guard case .json(let succeeded, let bytes) = await administration.respond(to: Array(text.utf8), peer: 0)
            else {
                Issue.record("a file came back")
                return
            }
            #expect(!succeeded)
            #expect(throws: AdministrationError.self) { try AdministrationAnswer(parsing: bytes) }
        }
    }
}
