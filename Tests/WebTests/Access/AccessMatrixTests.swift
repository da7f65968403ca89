import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

/// Where the access rule is asked about a live session.
enum AskedPlace: CaseIterable, Sendable {
    case code, refresh, introspection, elicitation, job, evaluation, exchange, sessionOfJob

    /// The answer while the session may be used, and once it may not.
    func isExpected(_ answer: TestResponse, allowed: Bool) -> Bool {
        switch self {
        case .code, .refresh: allowed ? answer.status == .ok : answer.error == "invalid_grant"
        case .introspection: answer.json["active"]?.bool == allowed
        case .elicitation: allowed ? answer.status == .created : answer.error == "invalid_subject_token"
        case .job: allowed ? answer.status == .created : answer.error == "invalid_subject_token"
        case .evaluation: answer.json["decision"]?.bool == allowed
        case .exchange: allowed ? answer.status == .ok : answer.error == "invalid_request"
        case .sessionOfJob: answer.json["status"]?.string == (allowed ? "open" : "ended")
        }
    }
}

/// A live session with a job and a connected account, at an MCP server that receives events.
private struct AccessScene: Sendable {
    let h: Harness
    let browser: TestBrowser
    let tokens: Tokens
    let job: String
    let code: Redeemable

    static func play(_ test: @Sendable @escaping (AccessScene) async throws -> Void) async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run { h in
            try await h.providers.add(provider)
            try await h.list()
            _ = try await h.poll()
            let browser = h.browser()
            let tokens = try await h.tokens(browser)
            _ = try await h.providers.connect(tokens.access, browser)
            let job = try await h.openJob(tokens.access).json["id"]?.string ?? ""
            // Sessions of one second are in no order.
            h.clock.advance(by: 1)
            let code = try await h.code(browser)
            try await test(AccessScene(h: h, browser: browser, tokens: tokens, job: job, code: code))
        }
        try await provider.stop()
    }

    func ask(_ place: AskedPlace) async throws -> TestResponse {
        switch place {
        case .code: try await h.redeem(code)
        case .refresh: try await h.refresh(tokens.refresh)
        case .introspection:
            try await h.send(
                "/introspect", [("token", tokens.access)], basic: (h.resource.id.string, h.resourceSecret.reveal()))
        case .elicitation: try await h.ask(tokens.access)
        case .job: try await h.openJob(tokens.access)
        case .evaluation: try await h.evaluate("access_token", tokens.access)
        case .exchange: try await h.providers.exchange(tokens.access)
        case .sessionOfJob: try await h.call(.get, "/jobs/\(job)")
        }
    }

    /// The session that a place asks about: the one of the open code, or the one of the tokens.
    func session(_ place: AskedPlace) async throws -> Session {
        let sessions = try await h.sessions()
        return try #require(place == .code ? sessions.last : sessions.first)
    }
}

@Suite("Access rules: every way to be listed at every place")
struct AccessMatrixTests {
    @Test(arguments: Listed.allCases, AskedPlace.allCases)
    func `a live session goes on or ends as the rule says`(listed: Listed, place: AskedPlace) async throws {
        try await AccessScene.play { scene in
            let h = scene.h
            h.clock.advance(by: 1)
            try await listed.apply(to: h)
            let answer = try await scene.ask(place)
            #expect(place.isExpected(answer, allowed: listed.isAllowed), "\(answer.text)")
            // An introspection only reads; the end follows in the background.
            if !listed.isAllowed { await eventually { try await scene.session(place).state == .ended } }
            let session = try await scene.session(place)
            #expect(session.endReason == listed.endReason)
            #expect(session.endedBy == (listed.isAllowed ? nil : .policy))
            let records = try await h.records(.sessionEnded)
            #expect(records.count == (listed.isAllowed ? 0 : 1))
            #expect(records.first?.reason == listed.endReason?.rawValue)
            #expect(try await h.endEvents() == (listed.isAllowed ? 0 : 1))
            // The second time nothing changes any more.
            if !listed.isAllowed {
                #expect(place.isExpected(try await scene.ask(place), allowed: false))
                #expect(try await h.records(.sessionEnded).count == 1)
                #expect(try await h.endEvents() == 1)
            }
        }
    }

    @Test(arguments: Listed.allCases)
    func `the page of a request opens or says that the user has no access`(listed: Listed) async throws {
        try await Harness.run { h in
            try await listed.apply(to: h)
            let page = try await h.consentPage(h.browser(), h.request())
            #expect(page.isPage("consent") == listed.isAllowed && page.isPage("no-access") != listed.isAllowed)
            #expect(page.status == (listed.isAllowed ? .ok : .forbidden))
            #expect(page.continuation == nil)
            #expect(try await h.sessions().isEmpty)
            let records = try await h.records(.accessRefused)
            #expect(records.count == (listed.isAllowed ? 0 : 1))
            #expect(
                records.allSatisfy { $0.user == h.user.id && $0.resource == h.resource.id && $0.outcome == .refused })
            guard !listed.isAllowed else { return }
            #expect(page.text.contains("Team Files") && page.text.contains("Platform team"))
            #expect(try await h.interactions() == 0, "a refused request waits for nobody")
        }
    }

    @Test(arguments: Listed.allCases)
    func `a rule that changes while the page is open decides about the approval`(listed: Listed) async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            try await listed.apply(to: h)
            let answer = try await h.decide(browser, at: page)
            #expect((answer.continuation?.contains("code=") == true) == listed.isAllowed)
            #expect(answer.isPage("no-access") != listed.isAllowed)
            #expect(try await h.sessions().count == (listed.isAllowed ? 1 : 0))
            #expect(try await h.records(.sessionApproved).count == (listed.isAllowed ? 1 : 0))
            #expect(try await h.records(.accessRefused).count == (listed.isAllowed ? 0 : 1))
        }
    }

    @Test(arguments: Listed.allCases)
    func `the account page changes nothing`(listed: Listed) async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            h.clock.advance(by: 1)
            try await listed.apply(to: h)
            let page = try await h.account(browser)
            #expect(page.status == .ok && page.text.contains("Team Files"))
            #expect(try await h.sessions().map(\.state) == [.active])
            #expect(try await h.records(.sessionEnded).isEmpty)
            #expect(try await h.endEvents() == 0)
        }
    }

    @Test(arguments: Listed.allCases)
    func `a client that acts for itself needs no group`(listed: Listed) async throws {
        try await Harness.run { h in
            let service = try await h.addService()
            let first = try await h.serve(service).tokens
            try await listed.apply(to: h)
            #expect(try await h.serve(service).status == .ok)
            #expect(try await h.introspect(first.access)["active"] == true)
            #expect(try await h.records(.sessionEnded).isEmpty)
        }
    }
}
