import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The parameter prompt")
struct PromptTests {
    enum Way: String {
        case signIn, consent
        case loginRequired = "login_required"
        case consentRequired = "consent_required"
        case invalidRequest = "invalid_request"
    }

    private func way(_ answer: TestResponse) -> Way? {
        if answer.status == .ok, answer.input("interaction") != nil { return .signIn }
        let location = answer.headers[.location] ?? ""
        if location.hasPrefix("http://localhost/consent?interaction=") { return .consent }
        return FormText.decode(queryOf: location)["error"]?.first.flatMap(Way.init)
    }

    static let prompts: [(String?, nobody: Way, somebody: Way)] = [
        (nil, .signIn, .consent), ("", .signIn, .consent), ("login", .signIn, .signIn), ("consent", .signIn, .consent),
        ("select_account", .signIn, .signIn), ("login consent", .signIn, .signIn),
        ("consent select_account login", .signIn, .signIn), ("create", .signIn, .consent),
        ("LOGIN", .signIn, .consent), ("consent whatever", .signIn, .consent),
        ("none", .loginRequired, .consentRequired), ("none none", .loginRequired, .consentRequired),
        ("none login", .invalidRequest, .invalidRequest), ("consent none", .invalidRequest, .invalidRequest),
        ("none whatever", .invalidRequest, .invalidRequest),
    ]

    @Test(arguments: prompts)
    func `each word leads where it says, and only an open page leaves a row`(
        prompt: String?, nobody: Way, somebody: Way
    ) async throws {
        try await Harness.run { h in
            let browser = h.browser()
            #expect(way(try await h.authorize(browser, h.request(["prompt": prompt]))) == nobody)
            #expect(try await h.interactions() == 0)
            _ = try await h.tokens(browser)
            let (rows, records) = try await (
                h.interactions(), h.gatehouse.store.read { try $0.audit.tail(limit: 99) }.count
            )
            #expect(way(try await h.authorize(browser, h.request(["prompt": prompt]))) == somebody)
            #expect(try await h.interactions() == rows + (somebody == .consent ? 1 : 0))
            #expect(try await h.gatehouse.store.read { try $0.audit.tail(limit: 99) }.count == records)
            #expect(try await h.sessions().count == 1)
        }
    }

    @Test func `prompt=none creates no session, whatever else the request contains and whatever was approved before`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            let rows = try await h.interactions()
            let beside: [([String: String?], Way)] = [
                (["max_age": "100000"], .consentRequired), (["max_age": "0"], .consentRequired),
                (["acr_values": AuthenticationContext.password.rawValue], .consentRequired),
                (["scope": nil], .consentRequired), (["login_hint": "ada"], .consentRequired),
            ]
            for (changes, expected) in beside {
                let request = h.request(changes.merging(["prompt": "none"]) { $1 })
                #expect(way(try await h.authorize(browser, request)) == expected, "\(changes)")
                #expect(way(try await browser.post("/authorize", request)) == expected, "\(changes) as a form")
            }
            h.clock.advance(by: 10)
            let old = try await h.authorize(browser, h.request(["prompt": "none", "max_age": "9"]))
            #expect(way(old) == .loginRequired)
            #expect(try await h.interactions() == rows)
            #expect(try await h.sessions().count == 1)
        }
    }

    @Test(arguments: ["login", "select_account", "login consent"])
    func `prompt=login asks for one sign-in before the approval`(prompt: String) async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            h.clock.advance(by: 60)
            let asked = try await h.authorize(browser, h.request(["prompt": prompt]))
            let answer = try await h.signIn(browser, at: asked)
            #expect(way(answer) == .consent)
            let location = try #require(answer.headers[.location])
            let page = try await browser.get(String(location.dropFirst("http://localhost".count)))
            h.clock.advance(by: 590)
            #expect(try await h.decide(browser, at: page).continuation?.contains("code=") == true)
            #expect(try await h.sessions().last.map { h.clock.now - $0.authTime } == 590)
        }
    }

    @Test func `select_account lets another user continue, and only that user`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            let bob = try await h.addUser("bob")
            h.clock.advance(by: 1)
            let asked = try await h.authorize(browser, h.request(["prompt": "select_account"]))
            #expect(asked.input("username") == "", "nobody is suggested")
            let location = try #require(try await h.signIn(browser, at: asked, as: "bob").headers[.location])
            let page = try await browser.get(String(location.dropFirst("http://localhost".count)))
            _ = try await h.decide(browser, at: page)
            #expect(try await h.sessions().map(\.userID) == [h.user.id, bob.id])
        }
    }
}
