import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("Sessions of clients that act for themselves")
struct ServiceSessionTests {
    @Test func `all tokens of a client at one MCP server belong to one session with an absolute end`() async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            let start = h.clock.now
            let first = try await h.serve(client)
            h.clock.advance(by: 86_000)
            let last = try await h.serve(client)
            #expect(first.claims["sid"] == last.claims["sid"])
            #expect(last.json["expires_in"] == 400, "a token does not outlive its session")
            let session = try #require(try await h.serviceSessions().first)
            #expect(session.expiresAt == start + 86_400 && session.lastUsedAt == start + 86_000)
            #expect(session.redirectURI == nil && session.binding == nil)
            h.clock.advance(by: 400)
            let next = try await h.serve(client)
            #expect(next.status == .ok && next.claims["sid"] != first.claims["sid"])
            let all = try await h.serviceSessions()
            #expect(all.map(\.state) == [.expired, .active] && all[0].endedAt == start + 86_400)
            #expect(all[1].expiresAt == start + 172_800)
        }
    }

    @Test func `the policy of the MCP server sets the length of the session and the lifetime of tokens`() async throws {
        try await Harness.run { h in
            try await h.policy(SessionPolicyChange(tokenLife: "1m", service: "1h"))
            let client = try await h.addService()
            #expect(try await h.serve(client).json["expires_in"] == 60)
            #expect(try await h.serviceSessions().map { $0.expiresAt - $0.createdAt } == [3600])
            try await h.policy(SessionPolicyChange(service: "default"))
            await #expect(throws: AdministrationError.self) { try await h.policy(SessionPolicyChange(service: "5s")) }
            #expect(try await h.serviceSessions().map { $0.expiresAt - $0.createdAt } == [3600], "an end never moves")
        }
    }

    @Test func `the session is no longer than the MCP server allows the sessions of users to be`() async throws {
        try await Harness.run { h in
            try await h.policy(SessionPolicyChange(longest: "2h"))
            let client = try await h.addService()
            _ = try await h.serve(client)
            #expect(try await h.serviceSessions().map { $0.expiresAt - $0.createdAt } == [7200])
            let shown = try await h.administer(.resources(.show(h.resource.id.string))).rows[0]
            #expect(shown["service_session"] == ["value": "2h", "from": "policy"])
        }
    }

    @Test func `a client that revokes its tokens in a loop opens sixty sessions within an hour at most`() async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            for _ in 0..<60 {
                let token = try await h.serve(client).tokens.access
                _ = try await h.send("/revoke", [("token", token)], basic: (client.id.string, client.secret))
            }
            let refused = try await h.serve(client)
            #expect(refused.status == .tooManyRequests && refused.headers[.retryAfter] != nil)
            #expect(try await h.sessions().count == 60)
            #expect(try await h.serve(h.addService("weekly")).status == .ok, "another client is not limited")
            h.clock.advance(by: 3600)
            #expect(try await h.serve(client).status == .ok)
        }
    }

    @Test func `a client that is blocked while it requests tokens keeps no live session`() async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<24 {
                    group.addTask {
                        if number == 12 {
                            try await h.administer(.clients(.block("nightly")))
                        } else {
                            let answer = try await h.serve(client)
                            #expect(answer.status == .ok || ["invalid_client", "invalid_grant"].contains(answer.error))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await h.sessions().allSatisfy { $0.endedAt != nil })
            #expect(try await h.serve(client).error == "invalid_client")
        }
    }

    @Test func `a client that users approve can act for itself beside its users`() async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            let client = try await h.register("desk", redirects: [Harness.redirect], secret: secret)
            let service = ServiceClient(id: client.id, secret: secret.reveal())
            try await h.permit(service, ["files:read"])
            let code = try await h.code(nil, ["client_id": "desk"])
            let tokens = try await h.redeem(code, ["client_id": "desk", "client_secret": secret.reveal()]).tokens
            let posted = [("client_id", "desk"), ("client_secret", secret.reveal())]
            let own = try await h.send("/token", posted + [("grant_type", "client_credentials")])
            #expect(own.claims["sub"] == "desk" && own.tokens.refresh == nil)
            try await h.withdraw(service)
            #expect(try await h.introspect(own.tokens.access)["active"] == false)
            let user = try await h.introspect(tokens.access)
            #expect(user["active"] == true && user["sub"] == .string(h.user.subject.string))
        }
    }

    @Test func `of many first requests at once all get tokens of one session`() async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<24 { group.addTask { try await h.serve(client) } }
                return try await group.reduce(into: [TestResponse]()) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == .ok })
            #expect(Set(answers.map { $0.claims["sid"]?.string }).count == 1)
            #expect(try await h.sessions().count == 1)
            #expect(try await h.records(.sessionOpened).count == 1)
        }
    }

    @Test func `a withdrawn permission ends the session at once, and no token follows`() async throws {
        try await Harness.run { h in
            _ = try await h.poll()
            let client = try await h.addService()
            let token = try await h.serve(client).tokens.access
            let answer = try await h.withdraw(client)
            #expect(answer.rows.first?["sessions_ended"] == 1)
            #expect(try await h.introspect(token)["active"] == false)
            #expect(try await h.serve(client).error == "unauthorized_client")
            let session = try #require(try await h.sessions().first)
            #expect(try await h.sessions().count == 1 && session.endReason == .permissionWithdrawn)
            let event = try #require(try await h.gatehouse.store.read { try $0.events.find(of: session.id) })
            #expect(event.event.about == .session(session.id, of: .client(client.id)))
            #expect(event.event.payload["initiating_entity"] == "admin" && event.event.payload["reason_user"] == nil)
            await #expect(throws: AdministrationError.self) { try await h.withdraw(client) }
        }
    }

    @Test func `a narrowed permission ends the session, and a wider one continues it`() async throws {
        try await Harness.run { h in
            let client = try await h.addService(scopes: ["files:read", "files:list"])
            let wide = try await h.serve(client)
            let change = AdministrationRequest.clients(
                .permissions(.set(client: "nightly", resource: h.resource.id.string, scopes: ["files:read"])))
            #expect(change.traits.contains(.withdrawsAccess), "the trail is signed after it")
            #expect(try await h.administer(.preview(change)).rows.count == 1)
            #expect(try await h.administer(change).rows.first?["sessions_ended"] == 1)
            #expect(try await h.administer(.preview(change)).rows.isEmpty)
            #expect(try await h.introspect(wide.tokens.access)["active"] == false)
            let narrow = try await h.serve(client)
            #expect(narrow.tokens.scope == "files:read" && narrow.claims["sid"] != wide.claims["sid"])
            #expect(try await h.serve(client, ["scope": "files:list"]).error == "invalid_scope")
            try await h.permit(client, ["files:read", "files:write"])
            #expect(try await h.introspect(narrow.tokens.access)["scope"] == "files:read")
            let wider = try await h.serve(client)
            #expect(wider.tokens.scope == "files:read files:write" && wider.claims["sid"] == narrow.claims["sid"])
            #expect(try await Set(h.serviceSessions().map(\.state)) == [.ended, .active])
        }
    }

    /// Everybody who can revoke the session.
    enum Revoker: CaseIterable {
        case client, resource, admin
    }

    @Test(arguments: Revoker.allCases)
    func `a revoked session ends its tokens, and the next token opens another`(by revoker: Revoker) async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            let token = try await h.serve(client).tokens.access
            let id = try #require(try await h.sessions().first?.id)
            switch revoker {
            case .client: _ = try await h.send("/revoke", [("token", token)], basic: (client.id.string, client.secret))
            case .resource: _ = try await h.call(.delete, "/sessions/\(id)")
            case .admin:
                let revoked = try await h.administer(
                    .sessions(.revoke(SessionSelection(client: client.id.string), reason: nil)))
                #expect(revoked.note?.contains("Client 'nightly' can open another session.") == true)
            }
            #expect(try await h.introspect(token)["active"] == false)
            let record = try #require(try await h.records(.sessionEnded).first)
            #expect(record.session == id && record.user == nil && record.client == client.id)
            let initiators: [Revoker: AuditEntry.Initiator] = [.client: .client, .resource: .server, .admin: .human]
            #expect(record.initiator == initiators[revoker])
            #expect(try await h.introspect(h.serve(client).tokens.access)["active"] == true)
            #expect(try await Set(h.serviceSessions().map(\.state)) == [.ended, .active])
        }
    }

    @Test func `another client cannot revoke the session`() async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            let other = try await h.addService("weekly")
            let token = try await h.serve(client).tokens.access
            _ = try await h.send("/revoke", [("token", token)], basic: (other.id.string, other.secret))
            #expect(try await h.introspect(token)["active"] == true)
        }
    }

    @Test func `the audit trail names the client as actor and initiator, and no user`() async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            for _ in 0..<70 { _ = try await h.serve(client) }
            for action in [AuditAction.sessionOpened, .tokenIssued] {
                let records = try await h.records(action)
                #expect(
                    records.allSatisfy { $0.actor == .client(client.id) && $0.initiator == .client && $0.user == nil })
                #expect(
                    records.count == (action == .sessionOpened ? 1 : 60), "repeated issues are counted, not recorded")
            }
            h.clock.advance(by: 60)
            _ = try await h.serve(client)
            #expect(try await h.records(.tokenIssued).map(\.count).reduce(0, +) == 71)
            var selection = AuditSelection()
            selection.initiator = "client"
            let shown = try await h.administer(.audit(.tail(selection, count: 100)))
            #expect(shown.rows.count == 63)
        }
    }

    @Test func `administrators list, show and count the session, and users do not see it`() async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            _ = try await h.serve(client)
            let id = try #require(try await h.sessions().first?.id.string)
            let listed = try await h.administer(
                .sessions(.list(SessionSelection(client: "nightly"), page: PageRequest())))
            #expect(listed.rows.map { $0["id"]?.string } == [id] && listed.rows[0]["user"] == .null)
            let shown = try await h.administer(.sessions(.show(id))).rows[0]
            #expect(shown["auth_time"] == .null && shown["redirect_uri"] == .null && shown["state"] == "active")
            let report = try await h.administer(.report(ReportRequest(idleFor: 60))).rows[0]
            #expect(report["live"] == 1 && report["people"] == 0 && report["clients"] == 1)
            let preview = try await h.administer(.preview(.clients(.remove("nightly"))))
            #expect(preview.note == "1 live session with 1 client at 1 MCP server.")
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            #expect(try await !h.account(browser).text.contains("Nightly Report"))
        }
    }

    @Test func `a client that acts for itself cannot ask users for approval`() async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            let browser = h.browser()
            let page = try await h.consentPage(
                browser, h.request(["client_id": client.id.string, "redirect_uri": Harness.redirect]))
            #expect(page.status == .badRequest && page.headers[.location] == nil)
            let code = [("grant_type", "authorization_code"), ("code", "x"), ("code_verifier", "x")]
            let answer = try await h.send("/token", code, basic: (client.id.string, client.secret))
            #expect(["unauthorized_client", "invalid_grant"].contains(answer.error))
        }
    }
}

@Suite("Calls of MCP servers that need a user")
struct UserlessCallTests {
    @Test func `elicitations, jobs and checkpoints answer no_user and store nothing`() async throws {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.serve(h.addService()).tokens.access
            let checkpoint: JSONObject = [
                "subject_token": .string(token), "kind": "sampling", "outcome": "approved", "tool": "write",
            ]
            for answer in [
                try await h.ask(token), try await h.openJob(token), try await h.call(.post, "/checkpoints", checkpoint),
            ] {
                #expect(answer.status == .forbidden && answer.error == "no_user")
            }
            #expect(try await h.records(.elicitationCreated).isEmpty)
            #expect(try await h.records(.jobOpened).isEmpty)
            #expect(try await h.reports().isEmpty)
        }
    }

    @Test func `an action that an operator allows is decided without a user, and one that needs an approval is denied`()
        async throws
    {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.serve(h.addService()).tokens.access
            let allowed = try await h.evaluate("access_token", token)
            #expect(allowed.json["decision"] == true)
            let asked = try await h.evaluate("access_token", token, "books.close")
            #expect(asked.json["decision"] == false && asked.json["context"]?.object?["reason"] == "no_user")
            let wide = try await h.evaluate("access_token", token, "files.purge")
            #expect(wide.json["context"]?.object?["reason"] == "insufficient_scope")
            #expect(try await h.records(.elicitationCreated).isEmpty)
        }
    }

    @Test func `token exchange gives no provider token for a client that acts for itself`() async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run { h in
            try await h.providers.add(provider)
            let token = try await h.serve(h.addService()).tokens.access
            #expect(try await h.providers.exchange(token).error == "invalid_request")
            #expect(try await h.records(.connectionUsed).isEmpty)
        }
        try await provider.stop()
    }
}
