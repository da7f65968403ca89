import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Changes of an MCP server while sessions live")
struct ResourceEditTests {
    private static let both = ["files:read", "files:write"]

    private func both(_ h: Harness, _ browser: TestBrowser? = nil) async throws -> Tokens {
        try await h.tokens(browser, scopes: Self.both, asking: "files:read files:write")
    }

    private func withdraw(
        _ h: Harness, _ scopes: String..., isDryRun: Bool = false
    ) async throws -> AdministrationAnswer {
        try await h.changes.edit(ResourceChange(withdrawn: scopes), reason: "retired", isDryRun: isDryRun)
    }

    @Test func `a withdrawn scope goes out of every introspection and of the next token, and the session goes on`()
        async throws
    {
        try await Harness.run { h in
            let tokens = try await both(h)
            let answer = try await withdraw(h, "files:write")
            #expect(answer.rows.first?["sessions_narrowed"] == 1 && answer.rows.first?["sessions_ended"] == 0)
            #expect(try await h.introspect(tokens.access)["scope"] == "files:read")
            let next = try await h.refresh(tokens.refresh, ["scope": "files:read files:write"]).tokens
            #expect(next.scope == "files:read")
            #expect(try await h.introspect(next.access)["scope"] == "files:read")
            let session = try #require(try await h.sessions().first)
            #expect(session.state == .active && session.scope.string == "files:read")
            #expect(try await h.records(.sessionEnded).isEmpty)
            #expect(try await h.endEvents() == 0)
        }
    }

    @Test func `a session without another scope ends with record and event, and its code with it`() async throws {
        try await Harness.run { h in
            let (id, now) = (h.resource.id, h.clock.now)
            try await h.gatehouse.store.write { try $0.resources.recordPoll(by: id, now: now) }
            let kept = try await both(h)
            let lost = try await h.tokens(scopes: ["files:write"], asking: "files:write")
            let code = try await h.code(nil, ["scope": "files:write"], scopes: ["files:write"])
            let answer = try await withdraw(h, "files:write")
            #expect(answer.rows.first?["sessions_narrowed"] == 1 && answer.rows.first?["sessions_ended"] == 2)
            #expect(try await h.introspect(lost.access)["active"] == false)
            #expect(try await h.refresh(lost.refresh).error == "invalid_grant")
            #expect(try await h.redeem(code).error == "invalid_grant")
            #expect(try await h.refresh(kept.refresh).status == .ok)
            let ended = try await h.sessions().filter { $0.state == .ended }
            #expect(ended.count == 2 && ended.allSatisfy { $0.endReason == .scopesWithdrawn && $0.endedBy == .admin })
            #expect(ended.allSatisfy { $0.scope.string == "files:write" }, "what it had stays on record")
            #expect(try await h.records(.sessionEnded).map(\.reason) == ["scopes_withdrawn", "scopes_withdrawn"])
            #expect(try await h.endEvents() == 2)
            let record = try #require(try await h.records(.resourceChanged).last)
            #expect(record.reason == "scope files:write" && record.explanation == "retired")
        }
    }

    @Test func `a scope that comes back is not given back to earlier sessions`() async throws {
        try await Harness.run { h in
            let tokens = try await both(h)
            _ = try await withdraw(h, "files:write")
            h.clock.advance(by: 1)
            try await h.changes.edit(ResourceChange(scopes: [.init(name: "files:write", description: "Write")]))
            #expect(try await h.introspect(tokens.access)["scope"] == "files:read")
            #expect(try await h.refresh(tokens.refresh).tokens.scope == "files:read")
            h.clock.advance(by: 1)
            let fresh = try await both(h)
            #expect(fresh.scope == "files:read files:write")
            #expect(try await h.introspect(fresh.access)["scope"] == "files:read files:write")
            // A second withdrawal leaves the first session nothing to lose, and ends neither.
            let again = try await withdraw(h, "files:write")
            #expect(again.rows.first?["sessions_narrowed"] == 1 && again.rows.first?["sessions_ended"] == 0)
        }
    }

    @Test func `a session that lost one scope earlier ends with its last one`() async throws {
        try await Harness.run { h in
            let tokens = try await both(h)
            _ = try await withdraw(h, "files:write")
            h.clock.advance(by: 1)
            try await h.changes.edit(ResourceChange(scopes: [.init(name: "files:write", description: "Write")]))
            let answer = try await withdraw(h, "files:read")
            #expect(answer.rows.first?["sessions_ended"] == 1, "the scope that came back is not its own")
            #expect(try await h.introspect(tokens.access)["active"] == false)
        }
    }

    @Test func `a preview says the same and changes nothing`() async throws {
        try await Harness.run { h in
            let tokens = try await both(h)
            _ = try await h.tokens(scopes: ["files:write"], asking: "files:write")
            let preview = try await withdraw(h, "files:write", isDryRun: true)
            #expect(preview.rows.first?["sessions_narrowed"] == 1 && preview.rows.first?["sessions_ended"] == 1)
            #expect(try await h.introspect(tokens.access)["scope"] == "files:read files:write")
            #expect(try await h.records(.resourceChanged).isEmpty)
            #expect(try await h.sessions().allSatisfy { $0.state == .active })
            let done = try await withdraw(h, "files:write")
            for member in ["changes", "sessions_narrowed", "sessions_ended"] {
                #expect(done.rows.first?[member] == preview.rows.first?[member])
            }
        }
    }

    @Test func `the rule holds from its first moment, whatever is left to end`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens(scopes: ["files:write"], asking: "files:write")
            let code = try await h.code(nil, ["scope": "files:write"], scopes: ["files:write"])
            // The rows alone, as they stand between two steps of an end of many.
            try await h.gatehouse.store.write { [id = h.resource.id, now = h.clock.now] in
                try $0.resourceEdits.withdraw(["files:write"].map { try Scope($0) }.set, from: id, now: now)
            }
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await h.introspect(tokens.access)["active"] == false)
            #expect(try await h.redeem(code).error == "invalid_grant")
        }
    }

    @Test func `a page that was open offers the withdrawn scope no more, and a form cannot add it`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request(["scope": "files:read files:write"]))
            _ = try await withdraw(h, "files:write")
            h.clock.advance(by: 1)
            let answer = try await h.decide(browser, at: page, scopes: Self.both)
            let sessions = try await h.sessions()
            #expect(sessions.allSatisfy { $0.scope.string == "files:read" }, "\(answer.status)")
        }
    }

    @Test func `the permission of a client that acts for itself loses the scope, and an empty one goes`() async throws {
        try await Harness.run { h in
            let client = try await h.addService(scopes: ["files:read", "files:write"])
            let token = try await h.serve(client).tokens
            _ = try await withdraw(h, "files:write")
            #expect(try await h.introspect(token.access)["scope"] == "files:read")
            #expect(try await h.serve(client).tokens.scope == "files:read")
            let permissions = try await h.gatehouse.store.read { try $0.clientPermissions.list(of: client.id) }
            #expect(permissions.map(\.scope.string) == ["files:read"])
            _ = try await withdraw(h, "files:read")
            #expect(try await h.gatehouse.store.read { try $0.clientPermissions.list(of: client.id) }.isEmpty)
            #expect(try await h.serve(client).error == "unauthorized_client")
        }
    }

    @Test func `a permission that gets a withdrawn scope back opens another session with it`() async throws {
        try await Harness.run { h in
            let client = try await h.addService(scopes: ["files:read", "files:write"])
            _ = try await h.serve(client)
            _ = try await withdraw(h, "files:write")
            h.clock.advance(by: 1)
            try await h.changes.edit(ResourceChange(scopes: [.init(name: "files:write", description: "Write")]))
            h.clock.advance(by: 1)
            try await h.permit(client, ["files:read", "files:write"])
            #expect(try await h.serve(client).tokens.scope == "files:read files:write")
            #expect(try await h.serviceSessions().map(\.endReason) == [.permissionWithdrawn, nil])
        }
    }

    @Test func `name, owner and descriptions change without a trace on sessions, with record`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let change = ResourceChange(
                name: "Files", owner: "Data team",
                scopes: [
                    .init(name: "files:read", description: "See your files", onRequest: true),
                    .init(name: "files:share", description: "Share your files"),
                ])
            let answer = try await h.changes.edit(change)
            #expect(answer.rows.first?["changes"]?.array?.count == 4)
            let page = try await h.consentPage(h.browser(), h.request(["scope": "files:read files:share"]))
            for text in ["Files", "Data team", "See your files", "Share your files"] {
                #expect(page.text.contains(text), "\(text)")
            }
            #expect(try await h.refresh(tokens.refresh).tokens.scope == "files:read")
            let record = try #require(try await h.records(.resourceChanged).first)
            #expect(record.reason == "name, owner, scope files:read, scope files:share")
            #expect(record.changes.contains(AuditChange("owner", from: "Platform team", to: "Data team")))
            #expect(try await h.changes.edit(change).note == "Nothing changes.")
            #expect(try await h.records(.resourceChanged).count == 1)
        }
    }

    @Test(arguments: [
        (ResourceChange(withdrawn: ["files:raed"]), "Did you mean 'files:read'?"),
        (ResourceChange(name: " "), "The name is empty."),
        (ResourceChange(scopes: [.init(name: "offline_access")]), "reserved"),
        (ResourceChange(scopes: [.init(name: "files:read", description: "x")], withdrawn: ["files:read"]), "both"),
        (ResourceChange(identifier: "https://other.example/mcp", name: "X"), "Nothing was changed."),
        (ResourceChange(eventsEndpoint: "http://other.example/"), "The events endpoint is invalid"),
        (ResourceChange(scopes: (0..<70).map { .init(name: "s\($0)") }), "at most 64"),
    ])
    func `an invalid change is refused with one sentence, and changes nothing`(
        change: ResourceChange, sentence: String
    ) async throws {
        try await Harness.run { h in
            let before = try await h.gatehouse.store.read { [id = h.resource.id] in try $0.resources.find(id: id) }
            let error = await #expect(throws: AdministrationError.self) { try await h.changes.edit(change) }
            #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
            let after = try await h.gatehouse.store.read { [id = h.resource.id] in try $0.resources.find(id: id) }
            #expect(after == before)
            #expect(try await h.records(.resourceChanged).isEmpty)
        }
    }
}

extension ChangeSteps {
    /// Changes the first MCP server, as an operator does.
    @discardableResult
    func edit(
        _ change: ResourceChange, reason: String? = nil, isDryRun: Bool = false
    ) async throws -> AdministrationAnswer {
        try await harness.administer(
            .resources(.edit(harness.resource.id.string, change, reason: reason, isDryRun: isDryRun)))
    }
}

extension [Scope] {
    fileprivate var set: ScopeSet { ScopeSet(self) }
}
