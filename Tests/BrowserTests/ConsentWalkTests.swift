import JOSE
import TestSupport
import Testing

/// A user with Chromium goes from the authorization request to the client's callback. No page script runs.
@Suite("In the browser: sign-in, consent and the return to the client")
struct ConsentWalkTests {
    /// The client's spelling of its host, and the address that it listens on.
    static let hosts = [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("[::1]", "::1")]

    @Test(arguments: hosts)
    func `the response reaches a client on loopback, and its code is valid`(host: String, listening: String)
        async throws
    {
        try await House.play { house in
            let client = try await house.client(at: host, listening: listening)
            try await house.browser.open()
            #expect(try await house.browser.go(to: client.request()).fields.contains("username"))
            let consent = try await house.browser.signIn()
            #expect(consent.fields.contains("decision"))
            try await house.browser.press(Browser.approve)
            let page = try await house.browser.arrive(at: client.redirect)
            let answer = try await house.browser.received(at: client.port)
            #expect(answer["state"] == "st-1")
            #expect(answer["iss"]?.string == house.gatehouse.issuer)
            #expect(try await client.redeem(answer["code"]?.string ?? "").status == 200)
            #expect(page.complaints.isEmpty)
        }
    }

    @Test func `a client that sends the browser on to another origin is not stopped by the content policy`()
        async throws
    {
        try await House.play { house in
            let last = try await house.browser.listen(on: "localhost")
            let client = try await house.client(onward: "http://localhost:\(last)/done")
            try await house.browser.open()
            _ = try await house.browser.go(to: client.request())
            try await house.browser.signIn()
            try await house.browser.press(Browser.approve)
            let page = try await house.browser.arrive(at: "http://localhost:\(last)/done")
            #expect(page.title == "Back at the client")
            #expect(page.complaints.isEmpty)
            #expect(try await house.browser.received(at: client.port)["code"] != nil)
        }
    }

    @Test func `a wrong password stays on the sign-in page with one sentence, and the right one continues`()
        async throws
    {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open()
            _ = try await house.browser.go(to: client.request())
            let refused = try await house.browser.signIn(password: "wrong")
            #expect(refused.fields.contains("password"))
            #expect(!refused.fields.contains("decision"))
            #expect(!refused.text.contains("wrong password for ada"), "whether the name exists is not told")
            #expect(try await house.browser.signIn().fields.contains("decision"))
        }
    }

    @Test func `denying returns access_denied to the client and leaves no session`() async throws {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open()
            _ = try await house.browser.go(to: client.request(state: "st-deny"))
            try await house.browser.signIn()
            try await house.browser.press(Browser.deny)
            try await house.browser.arrive(at: client.redirect)
            let answer = try await house.browser.received(at: client.port)
            #expect(answer["error"] == "access_denied")
            #expect(answer["state"] == "st-deny")
            #expect(answer["iss"]?.string == house.gatehouse.issuer)
            #expect(answer["code"] == nil)
            #expect(try await house.gatehouse.json(["sessions", "list"]).array?.isEmpty == true)
        }
    }

    @Test func `going back after the approval repeats the same response and creates no second session`()
        async throws
    {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open()
            _ = try await house.browser.go(to: client.request())
            try await house.browser.signIn()
            try await house.browser.press(Browser.approve)
            try await house.browser.arrive(at: client.redirect)
            let first = try await house.browser.received(at: client.port)
            _ = try await house.browser.back()
            #expect(try await house.browser.received(at: client.port) == first)
            #expect(try await house.gatehouse.json(["sessions", "list"]).array?.count == 1)
            #expect(try await client.redeem(first["code"]?.string ?? "").status == 200)
        }
    }

    @Test func `a double click creates one session, and its code is valid`() async throws {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open()
            _ = try await house.browser.go(to: client.request())
            try await house.browser.signIn()
            try await house.browser.press(Browser.approve, twice: true)
            try await house.browser.arrive(at: client.redirect)
            let code = try await house.browser.received(at: client.port)["code"]?.string ?? ""
            #expect(try await house.gatehouse.json(["sessions", "list"]).array?.count == 1)
            #expect(try await client.redeem(code).status == 200)
        }
    }

    @Test func `the back button after the sign-in leads on`() async throws {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open()
            _ = try await house.browser.go(to: client.request())
            try await house.browser.signIn()
            var page = try await house.browser.back()
            if page.fields.contains("username") { page = try await house.browser.signIn() }
            #expect(page.fields.contains("decision"))
            try await house.browser.press(Browser.approve)
            try await house.browser.arrive(at: client.redirect)
            #expect(try await house.browser.received(at: client.port)["code"] != nil)
        }
    }

    @Test func `a signed-in user gets the consent page at once, and it is never skipped`() async throws {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open()
            _ = try await house.browser.go(to: client.request())
            try await house.browser.signIn()
            try await house.browser.press(Browser.approve)
            try await house.browser.arrive(at: client.redirect)
            let again = try await house.browser.go(to: client.request(state: "st-2"))
            #expect(again.fields.contains("decision"))
            #expect(!again.fields.contains("password"))
        }
    }

    @Test func `a scope that the user unticks is not in the token`() async throws {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open()
            _ = try await house.browser.go(to: client.request())
            try await house.browser.signIn()
            try await house.browser.check("scope", "files:write", on: false)
            try await house.browser.press(Browser.approve)
            try await house.browser.arrive(at: client.redirect)
            let code = try await house.browser.received(at: client.port)["code"]?.string ?? ""
            #expect(try await client.redeem(code).object()["scope"] == "files:read")
        }
    }
}
