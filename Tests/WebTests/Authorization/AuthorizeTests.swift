import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("OAuth 2.1 §4.1.1 Asking for authorization")
struct AuthorizeTests {
    @Test func `an unknown client or redirect is answered on a page, without a Location and without a row`()
        async throws
    {
        try await Harness.run { h in
            let wrong: [[String: String?]] = [
                ["client_id": "nobody"], ["client_id": nil], ["redirect_uri": "https://evil.example/callback"],
                ["redirect_uri": Harness.redirect + "/"], ["redirect_uri": Harness.redirect + "?x=1"],
                ["redirect_uri": "https://app.example:443/callback"], ["redirect_uri": "javascript:alert(1)"],
                ["redirect_uri": "https://app.example@evil.example/callback"], ["redirect_uri": nil],
            ]
            for changes in wrong {
                let answer = try await h.authorize(h.browser(), h.request(changes))
                #expect(answer.status == .badRequest, "\(changes)")
                #expect(answer.headers[.location] == nil, "\(changes)")
                #expect(answer.headers[.contentType]?.hasPrefix("text/html") == true)
                #expect(!answer.text.contains("evil.example"))
            }
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `only S256 with a well-formed challenge is accepted`() async throws {
        try await Harness.run { h in
            let wrong: [[String: String?]] = [
                ["code_challenge": nil], ["code_challenge_method": nil], ["code_challenge_method": "plain"],
                ["code_challenge_method": "s256"], ["code_challenge": "short"],
                ["code_challenge": String(repeating: "=", count: 43)],
            ]
            for changes in wrong {
                let answer = try await h.authorize(h.browser(), h.request(changes))
                let query = FormText.decode(queryOf: answer.headers[.location] ?? "")
                #expect(answer.status == .seeOther)
                #expect(query["error"] == ["invalid_request"], "\(changes)")
                #expect(query["state"] == ["xyz"])
                #expect(query["iss"] == ["http://localhost"])
                #expect(query["code"] == nil)
            }
        }
    }

    @Test func `no response type but code is supported`() async throws {
        try await Harness.run { h in
            for type in ["token", "id_token", "code token", "CODE"] {
                let answer = try await h.authorize(h.browser(), h.request(["response_type": type]))
                #expect(answer.headers[.location]?.contains("error=unsupported_response_type") == true)
            }
        }
    }

    @Test func `a repeated parameter is refused, a repeated equal resource is not`() async throws {
        try await Harness.run { h in
            let request = h.request()
            for name in ["state", "scope", "code_challenge", "response_type", "prompt"] {
                let value = request.first { $0.0 == name }?.1 ?? "login"
                let answer = try await h.authorize(h.browser(), request + [(name, value), (name, value)])
                #expect(answer.headers[.location]?.contains("error=invalid_request") == true, "\(name)")
            }
            let doubled = try await h.authorize(h.browser(), request + [("resource", h.resource.identifier.string)])
            #expect(doubled.input("interaction") != nil)
            for name in ["client_id", "redirect_uri"] {
                let answer = try await h.authorize(h.browser(), request + [(name, "x")])
                #expect(answer.status == .badRequest)
                #expect(answer.headers[.location] == nil)
            }
        }
    }

    @Test func `an unknown resource is invalid_target, and a missing one means the only registered one`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            let foreign = try await h.authorize(browser, h.request(["resource": "https://other.example/mcp"]))
            #expect(foreign.headers[.location]?.contains("error=invalid_target") == true)
            let none = try await h.consentPage(browser, h.request(["resource": nil]))
            #expect(none.text.contains("https://files.example/mcp"))
        }
    }

    @Test func `the resource may be spelled with capitals and a default port`() async throws {
        try await Harness.run { h in
            let page = try await h.consentPage(h.browser(), h.request(["resource": "HTTPS://Files.Example:443/mcp"]))
            #expect(page.text.contains("https://files.example/mcp"))
        }
    }

    @Test func `offline_access alone counts as no scope`() async throws {
        try await Harness.run { h in
            for scope in ["offline_access", " offline_access", "offline_access ", nil, ""] {
                let page = try await h.consentPage(h.browser(), h.request(["scope": scope]))
                #expect(page.text.contains("Read your files"))
                #expect(page.text.contains("List your files"))
                #expect(!page.text.contains("Change your files"), "on-request scopes are not defaults")
                #expect(!page.text.contains("offline_access"))
            }
        }
    }

    @Test func `unknown scopes are dropped, and the defaults are offered if none remains`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let some = try await h.consentPage(browser, h.request(["scope": "files:write nonsense"]))
            #expect(some.text.contains("Change your files"))
            #expect(!some.text.contains("nonsense"))
            let none = try await h.consentPage(browser, h.request(["scope": "nonsense other"]))
            #expect(none.text.contains("Read your files") && none.text.contains("List your files"))
            #expect(!none.text.contains("Change your files"), "what has to be asked for by name is no default")
        }
    }

    @Test func `prompt=none never shows a page and never makes a session`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let stranger = try await h.authorize(browser, h.request(["prompt": "none"]))
            #expect(stranger.headers[.location]?.contains("error=login_required") == true)
            _ = try await h.tokens(browser)
            let known = try await h.authorize(browser, h.request(["prompt": "none"]))
            #expect(known.headers[.location]?.contains("error=consent_required") == true)
            #expect(try await h.sessions().count == 1)
        }
    }

    @Test func `prompt=login asks for the password again, prompt=consent does not`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            #expect(try await h.authorize(browser, h.request(["prompt": "login"])).input("interaction") != nil)
            #expect(try await h.authorize(browser, h.request(["prompt": "select_account"])).input("interaction") != nil)
            #expect(try await h.authorize(browser, h.request(["prompt": "consent"])).status == .seeOther)
        }
    }

    @Test func `GET never issues a code, even for a signed-in user`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            let page = try await h.consentPage(browser, h.request())
            #expect(page.continuation == nil)
            #expect(page.input("token") != nil)
            #expect(try await h.sessions().count == 1)
        }
    }

    @Test func `a request may also come as a form`() async throws {
        try await Harness.run { h in
            let answer = try await h.browser().post("/authorize", h.request())
            #expect(answer.input("interaction") != nil)
        }
    }

    @Test func `an error page echoes nothing of the request`() async throws {
        try await Harness.run { h in
            let payload = "\"><script>alert(1)</script>"
            for name in ["client_id", "redirect_uri", "state", "scope", "resource", "response_type", "prompt"] {
                let answer = try await h.authorize(h.browser(), h.request([name: payload]))
                #expect(!answer.text.contains("<script"))
                #expect(!answer.text.contains("alert(1)"))
            }
        }
    }
}
