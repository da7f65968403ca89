import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@Suite("Redirects under attack")
struct RedirectAbuseTests {
    /// Expects the page that every unproven redirect is answered with.
    private func expectPage(_ h: Harness, _ redirect: String) async throws {
        let answer = try await h.authorize(h.browser(), h.request(["redirect_uri": redirect]))
        #expect(answer.status == .badRequest, "\(redirect)")
        #expect(answer.headers[.location] == nil, "\(redirect)")
        #expect(answer.continuation == nil, "\(redirect)")
        #expect(answer.input("interaction") == nil, "\(redirect)")
    }

    @Test func `a registered redirect with one byte changed, added or missing anywhere is a page`()
        async throws
    {
        try await Harness.run { h in
            let bytes = Array(Harness.redirect.utf8)
            for place in bytes.indices {
                var missing = bytes
                missing.remove(at: place)
                var changed = bytes
                changed[place] ^= 0x01
                var other = bytes
                other[place] ^= 0x20
                var added = bytes
                added.insert(Array(".@/x%".utf8)[place % 5], at: place)
                for variant in [missing, changed, other, added] where variant != bytes {
                    try await expectPage(h, String(decoding: variant, as: UTF8.self))
                }
            }
            for end in ["/", ".", "?", "#", "a", "%", ".evil.example", "@evil.example", " ", "\\"] {
                try await expectPage(h, Harness.redirect + end)
            }
        }
    }

    @Test func `no traversal leads anywhere, however it is encoded`() async throws {
        let dots = ["..", "%2e%2e", "%252e%252e", "..;", ".%2e", "%c0%ae%c0%ae", "．．"]
        let slashes = ["/", "%2f", "%252f", "\\", "%5c", ";/", "//"]
        let places = [
            "https://app.example/callback", "https://app.example", "https://app.example/callback/x",
            "http://127.0.0.1/callback",
        ]
        try await Harness.run { h in
            for place in places {
                for dot in dots {
                    for slash in slashes { try await expectPage(h, place + slash + dot + slash + "callback") }
                }
            }
        }
    }

    @Test func `no scheme but https, and http to the loopback, leads anywhere`() async throws {
        let schemes = [
            "javascript:alert(1)", "JaVaScRiPt:alert(1)", "\tjavascript:alert(1)", " javascript:alert(1)",
            "java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
            "blob:https://app.example/x",
            "http://app.example/callback", "//app.example/callback", "/callback", "app.example/callback", "about:blank",
            "HTTPS://app.example/callback", "https:app.example/callback", "https:///app.example/callback",
        ]
        try await Harness.run { h in
            for redirect in schemes { try await expectPage(h, redirect) }
        }
    }

    @Test func `only the loopback itself is the loopback`() async throws {
        let hosts = [
            "127.0.0.1.evil.example", "127.0.0.1@evil.example", "evil.example#127.0.0.1", "127.1", "2130706433",
            "0x7f.0.0.1",
            "127.0.0.2", "0.0.0.0", "[::ffff:127.0.0.1]", "localhost.evil.example", "127.0.0.1%00.evil.example",
            "127.0.0.1:80@evil.example",
            "１２７.0.0.1", "127。0。0。1",
        ]
        try await Harness.run { h in
            for host in hosts { try await expectPage(h, "http://\(host)/callback") }
            for port in ["0", "65536", "-1", "+80", "080x", "80:80", ""] where port != "" {
                try await expectPage(h, "http://127.0.0.1:\(port)/callback")
            }
            let good = try await h.authorize(
                h.browser(), h.request(["redirect_uri": "http://127.0.0.1:49152/callback"]))
            #expect(good.input("interaction") != nil)
        }
    }

    @Test func `a code is not redeemed with another redirect that the client also registered`() async throws {
        try await Harness.run { h in
            let code = try await h.code()
            for other in [Harness.loopback, Harness.redirect + "/", "HTTPS://app.example/callback"] {
                #expect(try await h.redeem(code, ["redirect_uri": other]).error == "invalid_grant")
            }
            #expect(try await h.redeem(code).status == .ok)
        }
    }

    @Test func `a request object is refused and never fetched`() async throws {
        try await Harness.run { h in
            for (name, error) in [
                ("request", "request_not_supported"), ("request_uri", "request_uri_not_supported"),
            ] {
                let answer = try await h.authorize(
                    h.browser(), h.request([name: "https://169.254.169.254/latest/meta-data"]))
                #expect(answer.input("interaction") == nil)
                #expect(FormText.decode(queryOf: answer.headers[.location] ?? "")["error"] == [error])
            }
        }
    }

    @Test func `the page is shown again to a client that was approved a moment ago`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            for redirect in [Harness.redirect, "http://127.0.0.1:4000/callback"] {
                let page = try await h.consentPage(browser, h.request(["redirect_uri": redirect]))
                #expect(page.status == .ok)
                #expect(page.input("token") != nil)
                #expect(page.continuation == nil)
            }
        }
    }

    @Test func `every redirect, of an answer or a refusal, carries exactly one iss`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            for change in [
                ["prompt": "none"], ["scope": "non\"sense"], ["code_challenge_method": "plain"],
                ["resource": "https://unknown.example/mcp"], ["response_type": "token"],
            ] as [[String: String?]] {
                let answer = try await h.authorize(browser, h.request(change))
                let query = FormText.decode(queryOf: answer.headers[.location] ?? "")
                #expect(query["iss"] == ["http://localhost"])
                #expect(query["state"] == ["xyz"])
                #expect(query["error"]?.count == 1)
                #expect(query["code"] == nil)
            }
        }
    }
}
