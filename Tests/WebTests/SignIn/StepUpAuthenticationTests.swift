import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 9470 Step-up authentication")
struct StepUpAuthenticationTests {
    private static let password = AuthenticationContext.password.rawValue

    private func error(of answer: TestResponse) -> [String]? {
        FormText.decode(queryOf: answer.headers[.location] ?? "")["error"]
    }

    @Test func `max_age that is exceeded leads to a real sign-in, and the token says when it was`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let first = try await h.introspect(try await h.tokens(browser).access)
            h.clock.advance(by: 100)
            #expect(try await h.authorize(browser, h.request(["max_age": "100"])).status == .seeOther)
            let interactions = try await h.interactions()
            let asked = try await h.authorize(browser, h.request(["max_age": "99"]))
            #expect(asked.input("interaction") != nil && asked.input("username") == "ada")
            #expect(try await h.interactions() == interactions)
            let code = try await h.code(browser, ["max_age": "99"])
            let second = try await h.introspect(try await h.redeem(code).tokens.access)
            #expect(second["auth_time"]?.integer == first["auth_time"]?.integer.map { $0 + 100 })
            #expect(second["acr"]?.string == Self.password)
        }
    }

    @Test func `max_age=0 asks a signed-in user once, however long the page stays open`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            h.clock.advance(by: 1)
            let asked = try await h.authorize(browser, h.request(["max_age": "0"]))
            #expect(asked.input("interaction") != nil)
            let signedIn = h.clock.now
            let page = try await h.consentPage(browser, h.request(["max_age": "0"]))
            h.clock.advance(by: 500)
            #expect(try await h.decide(browser, at: page).continuation?.contains("code=") == true)
            #expect(try await h.sessions().last?.authTime == signedIn)
        }
    }

    @Test func `a page that stays open for longer than max_age asks for one more sign-in and no further one`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            let page = try await h.consentPage(browser, h.request(["max_age": "2"]))
            h.clock.advance(by: 3)
            let asked = try await h.decide(browser, at: page)
            #expect(asked.input("interaction") != nil)
            #expect(try await h.sessions().isEmpty)
            #expect(try await h.decide(browser, at: page).input("interaction") != nil, "as long as nobody signed in")
            let signedIn = h.clock.now
            _ = try await h.signIn(browser, at: asked)
            h.clock.advance(by: 300)
            #expect(try await h.decide(browser, at: page).continuation?.contains("code=") == true)
            #expect(try await h.sessions().map(\.authTime) == [signedIn])
        }
    }

    @Test(arguments: ["-1", "1.5", "soon", "99999999999999999999"])
    func `a malformed max_age returns invalid_request to the client`(text: String) async throws {
        try await Harness.run { h in
            let answer = try await h.authorize(h.browser(), h.request(["max_age": text]))
            #expect(error(of: answer) == ["invalid_request"])
            #expect(try await h.interactions() == 0)
        }
    }

    @Test func `§5 an unknown acr value returns unmet_authentication_requirements before a sign-in`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            for isSignedIn in [false, true] {
                if isSignedIn { _ = try await h.consentPage(browser, h.request()) }
                let before = try await h.interactions()
                let answer = try await h.authorize(
                    browser, h.request(["acr_values": "urn:example:phishing-resistant x"]))
                let query = FormText.decode(queryOf: answer.headers[.location] ?? "")
                #expect(query["error"] == ["unmet_authentication_requirements"])
                #expect(query["state"] == ["xyz"] && query["iss"] == ["http://localhost"])
                #expect(answer.headers[.location]?.hasPrefix(Harness.redirect) == true)
                #expect(try await h.interactions() == before)
            }
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `a client whose redirect is not proven yet hears of it after the sign-in, by a link`()
        async throws
    {
        try await DocumentScene.play { scene in
            let request = scene.request(["acr_values": "urn:example:other"])
            let browser = scene.h.browser()
            let page = try await scene.h.authorize(browser, request)
            #expect(page.headers[.location] == nil && page.input("interaction") != nil)
            let answer = try await scene.h.signIn(browser, at: page)
            #expect(answer.headers[.location] == nil, "nobody here has ever approved it")
            #expect(answer.continuation?.contains("error=unmet_authentication_requirements") == true)
            #expect(try await scene.h.interactions() == 0)
        }
    }

    @Test func `one acr value of several is enough`() async throws {
        try await Harness.run { h in
            let code = try await h.code(nil, ["acr_values": "urn:example:other \(Self.password)"])
            let answer = try await h.introspect(try await h.redeem(code).tokens.access)
            #expect(answer["acr"]?.string == Self.password)
            #expect(try await h.sessions().map(\.acr?.rawValue) == [Self.password])
        }
    }

    @Test func `the metadata lists the acr values`() async throws {
        try await Harness.run { h in
            let body = try await h.browser().get("/.well-known/oauth-authorization-server").json
            #expect(body["acr_values_supported"]?.strings == [Self.password])
        }
    }

    @Test func `a refresh does not make the sign-in any younger`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let signedIn = h.clock.now.seconds
            h.clock.advance(by: 1_000)
            let next = try await h.refresh(tokens.refresh).tokens
            #expect(try await h.introspect(next.access)["auth_time"]?.integer == signedIn)
        }
    }
}
