import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Stepping up in one of several windows")
struct StepUpWindowsTests {
    private static let both = "files:read files:write"

    /// Begins a session as a window of the client that listens at this port.
    private func begin(_ h: Harness, _ browser: TestBrowser, port: Int) async throws -> (SessionID, Tokens) {
        let redirect = "http://127.0.0.1:\(port)/callback"
        let code = try await h.code(browser, ["redirect_uri": redirect])
        let tokens = try await h.redeem(code, ["redirect_uri": redirect]).tokens
        return (try #require(try await h.sessions().last { $0.redirectURI == redirect }).id, tokens)
    }

    /// The consent page on which the window at this port asks for more.
    private func stepUp(
        _ h: Harness, _ browser: TestBrowser, port: Int, verifier: CodeVerifier = .random(), scope: String = both
    ) async throws -> TestResponse {
        try await h.consentPage(
            browser,
            h.request(["redirect_uri": "http://127.0.0.1:\(port)/callback", "scope": scope], verifier: verifier))
    }

    private func live(_ h: Harness) async throws -> Set<SessionID> {
        Set(try await h.sessions().filter { $0.state == .active }.map(\.id))
    }

    @Test func `with two earlier sessions neither is preselected, and both continue unless the user selects one`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let one = try await begin(h, browser, port: 41_001)
            h.clock.advance(by: 5)
            let two = try await begin(h, browser, port: 41_002)
            let page = try await stepUp(h, browser, port: 41_001)
            #expect(page.inputs("replace") == [two.0.string, one.0.string])
            #expect(!page.text.contains("name=\"replace\" value=\"\(one.0)\" checked"))
            #expect(!page.isTicked("replace", two.0.string))
            let answer = try await h.decide(browser, at: page, scopes: ["files:read", "files:write"])
            #expect(answer.continuation?.contains("code=") == true)
            #expect(try await h.sessions().last?.replaces == [])
            #expect(try await h.refresh(one.1.refresh).status == .ok)
            #expect(try await h.refresh(two.1.refresh).status == .ok)
        }
    }

    @Test func `only the selected session ends, when the new code is redeemed`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let one = try await begin(h, browser, port: 41_001)
            let two = try await begin(h, browser, port: 41_002)
            let verifier = CodeVerifier.random()
            let page = try await stepUp(h, browser, port: 41_001, verifier: verifier)
            let answer = try await h.decide(
                browser, at: page, scopes: ["files:read", "files:write"], more: [("replace", one.0.string)])
            #expect(try await live(h) == [one.0, two.0], "nothing ends before the new one is in use")
            let code = FormText.decode(queryOf: answer.continuation ?? "")["code"]?.first ?? ""
            let redeemed = try await h.redeem(
                Redeemable(code: code, verifier: verifier.reveal()),
                ["redirect_uri": "http://127.0.0.1:41001/callback"])
            #expect(redeemed.status == .ok)
            #expect(try await h.refresh(one.1.refresh).error == "invalid_grant")
            #expect(try await h.refresh(two.1.refresh).status == .ok)
            let ended = try #require(try await h.sessions().first { $0.id == one.0 })
            #expect(ended.state == .ended && ended.endReason == .replaced)
        }
    }

    @Test func `all selected sessions end`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let earlier = [try await begin(h, browser, port: 41_001).0, try await begin(h, browser, port: 41_002).0]
            _ = try await h.tokens(browser, more: [("replace", "yes")])
            #expect(try await live(h).count == 3, "another redirect offers none of them")
            let code = try await h.code(
                browser, ["redirect_uri": Harness.loopback], more: [("replace", "yes")])
            _ = try await h.redeem(code, ["redirect_uri": Harness.loopback])
            #expect(try await live(h).isDisjoint(with: earlier))
            #expect(try await live(h).count == 2)
        }
    }

    @Test func `a single earlier session is preselected only if the new request is wider`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let only = try await begin(h, browser, port: 41_001).0.string
            #expect(try await stepUp(h, browser, port: 41_001).isTicked("replace", only))
            let same = try await stepUp(h, browser, port: 41_001, scope: "files:read")
            #expect(same.inputs("replace") == [only] && !same.isTicked("replace", only))
        }
    }

    @Test func `each earlier session is shown with its time and its host`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await begin(h, browser, port: 41_001)
            let page = try await stepUp(h, browser, port: 41_002)
            // The moment at which the test's clock stands.
            #expect(
                page.text.contains("2027-01-15 08:00:00 UTC") && page.text.contains("<bdi>127.0.0.1:41001</bdi>"))
        }
    }

    @Test func `at most five are offered, the newest, and of one second always in the same order`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let oldest = try await begin(h, browser, port: 41_000).0
            h.clock.advance(by: 1)
            for port in 41_001...41_005 { _ = try await begin(h, browser, port: port) }
            let offered = try await stepUp(h, browser, port: 41_001).inputs("replace")
            #expect(offered.count == 5 && !offered.contains(oldest.string))
            for _ in 0..<3 {
                #expect(try await stepUp(h, browser, port: 41_001).inputs("replace") == offered)
            }
        }
    }

    @Test func `a form can name no session that its page did not offer`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let elsewhere = try await begin(h, h.browser(), port: 41_009)
            let verifier = CodeVerifier.random()
            let page = try await stepUp(h, browser, port: 41_001, verifier: verifier)
            #expect(page.inputs("replace").isEmpty)
            h.clock.advance(by: 5)
            let later = try await begin(h, browser, port: 41_002)
            let answer = try await h.decide(
                browser, at: page, more: [("replace", elsewhere.0.string), ("replace", later.0.string)])
            let code = FormText.decode(queryOf: answer.continuation ?? "")["code"]?.first ?? ""
            _ = try await h.redeem(
                Redeemable(code: code, verifier: verifier.reveal()),
                ["redirect_uri": "http://127.0.0.1:41001/callback"])
            #expect(try await live(h).isSuperset(of: [elsewhere.0, later.0]))
        }
    }

    @Test func `the list inside the form's token cannot be altered`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let victim = try await begin(h, h.browser(), port: 41_009).0.string
            let own = try await begin(h, browser, port: 41_001).0.string
            let token = try #require(try await stepUp(h, browser, port: 41_001).input("token"))
            #expect(token.contains(own))
            for altered in [token.replacing(own, with: victim), token.replacing(own, with: "\(own)~\(victim)")] {
                let form = [
                    ("token", altered), ("decision", "approve"), ("scope", "files:read"), ("lifetime", "12h"),
                    ("replace", victim),
                ]
                #expect(try await browser.post("/consent", form).status == .forbidden)
            }
            #expect(try await h.sessions().count == 2)
        }
    }

    @Test func `the selection is kept when the page is shown again`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let one = try await begin(h, browser, port: 41_001).0.string
            let two = try await begin(h, browser, port: 41_002).0.string
            let page = try await stepUp(h, browser, port: 41_001)
            let again = try await h.decide(browser, at: page, scopes: [], more: [("replace", two)])
            #expect(again.isTicked("replace", two) && !again.isTicked("replace", one))
            try await h.fixtures.setReach(["files:write": ("", [], 300)])
            h.clock.advance(by: 301)
            let asked = try await h.decide(browser, at: again, scopes: ["files:write"], more: [("replace", one)])
            let back = try await h.follow(browser, try await h.signIn(browser, at: asked))
            #expect(back.isTicked("replace", one) && !back.isTicked("replace", two))
        }
    }

    @Test func `the explanation matches the state of the checkbox`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await begin(h, browser, port: 41_001)
            let page = try await stepUp(h, browser, port: 41_001)
            #expect(page.text.contains("<span class=\"choice-detail if-ticked\">"))
            #expect(page.text.contains("<span class=\"choice-detail if-unticked\">"))
            let style = try await browser.get("/assets/gatehouse.css").text
            #expect(
                style.contains(
                    ".choice input:checked ~ .choice-text .if-unticked, .choice input:not(:checked) ~ .choice-text "
                        + ".if-ticked { display: none; }"))
        }
    }
}
