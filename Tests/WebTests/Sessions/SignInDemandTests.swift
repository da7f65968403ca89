import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("POST /sessions/{sid}/require: the next approval asks for a fresh sign-in")
struct SignInDemandTests {
    private func require(
        _ h: Harness, _ age: JSON? = 300, of session: SessionID? = nil, as server: AskingServer? = nil
    ) async throws -> TestResponse {
        var id = session
        if id == nil { id = try await h.sessions().last?.id }
        let known = try #require(id)
        var body = JSONObject()
        body["max_age"] = age
        return try await h.call(.post, "/sessions/\(known)/require", body, as: server)
    }

    private func demand(_ h: Harness) async throws -> SignInDemand? {
        let (user, client, resource, now) = (h.user.id, h.registered.id, h.resource.id, h.clock.now)
        return try await h.gatehouse.store.read {
            try $0.signInDemands.find(user: user, client: client, resource: resource, now: now)
        }
    }

    /// Whether the next authorization in this browser asks for a sign-in, although the user is signed in.
    private func isAsked(_ h: Harness, _ browser: TestBrowser) async throws -> Bool {
        let page = try await h.authorize(browser, h.request())
        guard page.status == .ok, page.isPage("sign-in") else { return false }
        #expect(page.input("username") == "ada", "nobody is signed in any more")
        return true
    }

    /// A session whose user signed in ten minutes ago, and is still signed in.
    private func run(_ test: @Sendable @escaping (Harness, TestBrowser) async throws -> Void) async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            h.clock.advance(by: 600)
            try await test(h, browser)
        }
    }

    @Test func `a requirement leads to the sign-in page, which names the MCP server, and one approval uses it up`()
        async throws
    {
        try await run { h, browser in
            #expect(try await !isAsked(h, browser))
            let made = try await require(h)
            #expect(made.status == .ok && made.headers[.cacheControl] == "no-store")
            #expect(made.json == ["max_age": 300, "expires_at": .string((h.clock.now + 900).rfc3339)])
            let page = try await h.authorize(browser, h.request())
            #expect(page.element("notice")?.hasPrefix("Team Files requires a recent sign-in.") == true)
            h.clock.advance(by: 5)
            _ = try await h.tokens(browser)
            #expect(try await h.sessions().last?.authTime == h.clock.now)
            #expect(try await demand(h) == nil)
            let approved = try #require(try await h.records(.sessionApproved).first)
            #expect(approved.reason?.contains("sign-in not older than 300 s") == true)
            h.clock.advance(by: 600)
            #expect(try await !isAsked(h, browser))
        }
    }

    @Test func `the requirement is recorded as the MCP server's, and sessions show lists it`() async throws {
        try await run { h, _ in
            let id = try #require(try await h.sessions().last?.id)
            _ = try await require(h)
            let record = try #require(try await h.records(.signInRequired).first)
            #expect(record.initiator == .server && record.actor == .resource(h.resource.id))
            #expect(record.session == id && record.user == h.user.id && record.reason == "not older than 300 s")
            let row = try await h.administer(.sessions(.show(id.string))).rows.first
            #expect(row?["required_sign_in_max_age"] == 300)
            #expect(row?["required_sign_in_until"]?.string == (h.clock.now + 900).rfc3339)
        }
    }

    @Test func `a page that was open when the requirement came asks for the sign-in on approval and keeps the choices`()
        async throws
    {
        try await run { h, browser in
            let page = try await h.consentPage(browser, h.request())
            _ = try await require(h, 0)
            let asked = try await h.decide(browser, at: page, lifetime: "1h")
            #expect(asked.isPage("sign-in"))
            #expect(asked.element("notice")?.hasPrefix("Team Files requires") == true)
            #expect(try await h.sessions().count == 1)
            #expect(try await demand(h) != nil)
            h.clock.advance(by: 1)
            let back = try await h.signIn(browser, at: asked)
            let again = try await browser.get(
                String((back.headers[.location] ?? "").dropFirst("http://localhost".count)))
            // The user reads for longer than any age, and still signs in once.
            h.clock.advance(by: 500)
            _ = try await h.decide(browser, at: again, lifetime: "1h")
            #expect(try await h.sessions().count == 2)
            #expect(try await demand(h) == nil)
        }
    }

    @Test func `a provider that answers from its own session is asked for a new one on approval, and not in a circle`()
        async throws
    {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            func follow(_ answer: TestResponse) async throws -> TestResponse {
                try await browser.get(String((answer.headers[.location] ?? "").dropFirst("http://localhost".count)))
            }
            let stale: [String: JSON?] = ["auth_time": .integer(h.clock.now.seconds)]
            _ = try await h.upstream.enter(browser, at: provider)
            _ = try await h.tokens(browser)
            h.clock.advance(by: 600)
            #expect(try await require(h).status == .ok)
            let asked = try await h.authorize(browser, h.request())
            #expect(asked.isPage("sign-in") && asked.element("notice")?.hasPrefix("Team Files requires") == true)
            let back = try await h.upstream.signIn(browser, from: asked, at: provider, stale)
            let consent = try await follow(back)
            #expect(consent.isPage("consent"))
            let again = try await h.decide(browser, at: consent)
            #expect(again.isPage("sign-in") && again.element("notice")?.hasPrefix("Team Files requires") == true)
            #expect(try await h.sessions().count == 1)
            let departure = try await h.upstream.depart(browser, from: again)
            #expect(departure.query["prompt"] == ["login"])
            provider.prepare(try h.upstream.idToken(departure, of: provider))
            let kept = try await follow(h.upstream.comeBack(browser, departure))
            _ = try await h.decide(browser, at: kept)
            #expect(try await h.sessions().count == 2)
        }
    }

    @Test func `a sign-in that is recent enough needs no other, and the approval uses the requirement up`() async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            h.clock.advance(by: 300)
            _ = try await require(h)
            #expect(try await !isAsked(h, browser))
            _ = try await h.tokens(browser)
            #expect(try await demand(h) == nil)
        }
    }

    @Test func `of two requirements the lower age counts, and the later one renews the time`() async throws {
        try await run { h, _ in
            _ = try await require(h, 60)
            h.clock.advance(by: 30)
            #expect(try await require(h, 600).json["max_age"] == 60)
            #expect(try await require(h, 10).json["max_age"] == 10)
            #expect(try await demand(h)?.expiresAt == h.clock.now + 900)
        }
    }

    @Test func `a request that is repeated does not undo the sign-in that it led to, for 15 minutes`() async throws {
        try await run { h, browser in
            _ = try await require(h, 0)
            let made = try #require(try await demand(h)).madeAt
            h.clock.advance(by: 5)
            let page = try await h.authorize(browser, h.request())
            _ = try await h.signIn(browser, at: page)
            h.clock.advance(by: 300)
            for age: Int64 in [0, 60] { _ = try await require(h, .integer(age)) }
            #expect(try await demand(h)?.madeAt == made)
            #expect(try await demand(h)?.expiresAt == h.clock.now + 900)
            #expect(try await !isAsked(h, browser), "the sign-in came after the first request")
            h.clock.advance(by: 595)
            _ = try await require(h, 0)
            #expect(try await demand(h)?.madeAt == h.clock.now)
            #expect(try await isAsked(h, browser), "a sign-in does not count for ever")
        }
        try await run { h, _ in
            _ = try await require(h, 60)
            h.clock.advance(by: 30)
            _ = try await require(h, 10)
            #expect(try await demand(h)?.madeAt == h.clock.now, "a stricter request is another one")
        }
    }

    @Test func `a requirement is void after 15 minutes, when its session ends, and for another client`() async throws {
        try await run { h, browser in
            _ = try await require(h)
            h.clock.advance(by: 899)
            #expect(try await isAsked(h, browser))
            h.clock.advance(by: 1)
            #expect(try await !isAsked(h, browser))
            _ = try await require(h)
            var other = h
            other.registered = try await h.register("other", redirects: [Harness.redirect])
            #expect(try await !isAsked(other, browser))
            #expect(try await isAsked(h, browser))
            let id = try #require(try await h.sessions().last?.id)
            #expect(try await h.call(.delete, "/sessions/\(id)").status == .noContent)
            #expect(try await !isAsked(h, browser))
        }
    }

    @Test func `only the session's own MCP server may require, and every refusal stores and records nothing`()
        async throws
    {
        try await run { h, _ in
            let id = try #require(try await h.sessions().last?.id)
            let other = try await h.addServer("https://other.example/mcp")
            for answer in [
                try await require(h, of: id, as: other), try await require(h, of: .random()),
                try await h.call(.post, "/sessions/nonsense/require", ["max_age": 300]),
            ] {
                #expect(answer.status == .notFound && answer.error == "not_found")
            }
            for age: JSON? in [nil, .null, -1, 43_201, "300", 1.5, true, [300]] {
                let answer = try await require(h, age, of: id)
                #expect(answer.status == .badRequest && answer.error == "invalid_request", "\(String(describing: age))")
                #expect(answer.json["error_description"]?.string?.contains("max_age") == true)
            }
            let unknown = try await h.call(.post, "/sessions/\(id)/require", ["max_age": 300, "maxage": 1])
            #expect(unknown.status == .badRequest)
            #expect(unknown.json["error_description"]?.string?.contains("nearest known member is max_age") == true)
            let stranger = AskingServer(resource: h.resource, secret: .random())
            #expect(try await require(h, of: id, as: stranger).status == .unauthorized)
            #expect(try await demand(h) == nil)
            #expect(try await h.records(.signInRequired).isEmpty)
        }
    }

    @Test func `an ended session and one without a user are refused with their reason`() async throws {
        try await run { h, _ in
            let id = try #require(try await h.sessions().last?.id)
            _ = try await h.call(.delete, "/sessions/\(id)")
            let ended = try await require(h, of: id)
            #expect(ended.status == .conflict && ended.error == "session_ended")
            _ = try await h.serve(h.addService())
            let service = try #require(try await h.serviceSessions().last?.id)
            let userless = try await require(h, of: service)
            #expect(userless.status == .forbidden && userless.error == "no_user")
            #expect(try await h.records(.signInRequired).isEmpty)
        }
    }

    @Test func `a flood is refused after ten in one session, and leaves one requirement`() async throws {
        try await run { h, _ in
            let statuses = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<40 { group.addTask { try await require(h) } }
                return try await group.reduce(into: [TestResponse]()) { $0.append($1) }
            }
            #expect(statuses.filter { $0.status == .ok }.count == 10)
            let refused = statuses.filter { $0.status == .tooManyRequests }
            #expect(refused.count == 30 && refused.allSatisfy { $0.headers[.retryAfter] == "6" })
            #expect(try await h.records(.signInRequired).count == 10)
            #expect(try await demand(h)?.maxAge == 300)
        }
    }

    @Test(arguments: 0..<8) func `of an approval and a requirement at one moment, one comes wholly first`(round: Int)
        async throws
    {
        try await run { h, browser in
            let page = try await h.consentPage(browser, h.request())
            let id = try #require(try await h.sessions().last?.id)
            async let made = require(h, of: id)
            async let decided = h.decide(browser, at: page)
            let (answer, outcome) = try await (made, decided)
            #expect(answer.status == .ok)
            let wasApproved = try await h.sessions().count == 2
            #expect(outcome.isPage("sign-in") == !wasApproved)
            // Whichever came first, the requirement still waits: no approval with the old sign-in used it up.
            #expect(try await demand(h) != nil)
        }
    }

    @Test func `an evaluation with max_age refuses for an old sign-in, and requires a fresh one`() async throws {
        try await Harness.run { h in
            try await h.list()
            let browser = h.browser()
            let token = try await h.tokens(browser).access
            let context: [String: JSON?] = ["context": ["max_age": 300]]
            h.clock.advance(by: 300)
            #expect(try await h.evaluate("access_token", token, context).json == ["decision": true])
            #expect(try await demand(h) == nil)
            h.clock.advance(by: 1)
            #expect(try await h.evaluate("access_token", token).json == ["decision": true])
            let denied = try await h.evaluate("access_token", token, context)
            let told = denied.json["context"]?.object
            #expect(denied.json["decision"] == false && told?["reason"] == "fresh_sign_in_required")
            #expect(told?["max_age"] == 300 && told?["expires_at"]?.string == (h.clock.now + 900).rfc3339)
            #expect(try await h.records(.actionEvaluated).first?.outcome == .refused)
            #expect(try await h.records(.signInRequired).count == 1)
            #expect(try await isAsked(h, browser))
            let unlisted = try await h.evaluate("access_token", token, "no.such.action", context)
            #expect(unlisted.json["context"]?.object?["reason"] == "not_allowed")
            let wrong = try await h.evaluate("access_token", token, ["context": ["max_age": -1]])
            #expect(wrong.status == .badRequest && wrong.error == "invalid_request")
        }
    }

    @Test func `housekeeping deletes requirements that nobody met`() async throws {
        try await run { h, _ in
            _ = try await require(h)
            let now = h.clock.now
            try await h.gatehouse.store.write { _ = try $0.housekeep(now: now + 899, limit: 100) }
            #expect(try await demand(h) != nil)
            try await h.gatehouse.store.write { _ = try $0.housekeep(now: now + 900, limit: 100) }
            #expect(try await demand(h) == nil)
        }
    }
}

extension Harness {
    fileprivate func evaluate(_ type: String, _ id: String, _ changes: [String: JSON?]) async throws -> TestResponse {
        try await evaluate(type, id, "expenses.submit", report: "R-1", changes)
    }
}
