import JOSE
import ServerSupport
import TestSupport
import Testing

/// Clicks, touches and keys of a real input device at Chromium. No page script runs.
@Suite("In the browser: a click that was meant for another page")
struct StrayClickTests {
    /// Milliseconds within which a click counts as stray here. The pages wait for 700; a slow machine may take longer to
    /// send the click, and then it proves nothing.
    private static let soon: Int64 = 650

    @Test(arguments: [60, 150, 300, 450])
    func `the second of two clicks, of which the first closed the window in front, approves nothing`(delay: Int64)
        async throws
    {
        try await expectHarmless(.behindClosedWindow(after: delay))
    }

    @Test func `a page that opens under a pointer that moves is not approved by its click`() async throws {
        try await expectHarmless(.underMovingPointer)
    }

    @Test func `a touch approves nothing at once, and a second later it does`() async throws {
        try await expectHarmless(.touch)
    }

    @Test func `Enter approves at once`() async throws {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open()
            _ = try await house.browser.go(to: client.request())
            try await house.browser.signIn()
            try await house.browser.enter(Browser.approve)
            try await house.browser.arrive(at: client.redirect)
            #expect(try await house.browser.received(at: client.port)["code"] != nil)
        }
    }

    @Test func `a second click revokes no session on the account page`() async throws {
        try await Stage.play { stage in
            let port = try await LoopbackPort.free()
            try await Harness.run(issuer: "http://localhost:\(port)") { h in
                _ = try await h.fixtures.insertSession(h.user)
                try await h.serving(on: port) {
                    let browser = try Browser(on: stage)
                    let end = "[name=step][value=end]"
                    for _ in 1...5 {
                        try await browser.open()
                        _ = try await browser.go(to: "http://localhost:\(port)/account")
                        try await browser.signIn(password: Harness.password)
                        guard try await browser.stray(.behindClosedWindow(after: 300), at: end) < Self.soon else {
                            continue
                        }
                        #expect(try await browser.press(end).text.contains("revoked the access"))
                        #expect(try await browser.sentForms().filter { $0 == "/account" }.count == 1)
                        return
                    }
                    Issue.record("the machine was too slow for this case five times")
                }
            }
        }
    }

    /// Lets such a click hit the consent page's approval, and approves on purpose afterwards: one form was sent in all.
    private func expectHarmless(_ click: Browser.StrayClick) async throws {
        var isTouch = false
        if case .touch = click { isTouch = true }
        try await House.play { house in
            let client = try await house.client()
            for _ in 1...5 {
                try await house.browser.open(touch: isTouch)
                _ = try await house.browser.go(to: client.request())
                try await house.browser.signIn()
                let before = try await house.gatehouse.json(["sessions", "list"]).array?.count ?? 0
                guard try await house.browser.stray(click, at: Browser.approve) < Self.soon else { continue }
                if isTouch {
                    try await house.browser.tap(Browser.approve)
                } else {
                    try await house.browser.press(Browser.approve)
                }
                try await house.browser.arrive(at: client.redirect)
                #expect(try await house.browser.sentForms().filter { $0 == "/consent" }.count == 1)
                #expect(try await house.gatehouse.json(["sessions", "list"]).array?.count == before + 1)
                return
            }
            Issue.record("the machine was too slow for this case five times")
        }
    }
}

/// A client that starts three MCP servers opens three tabs at once.
@Suite("In the browser: first visits at the same moment")
struct FirstVisitTests {
    @Test func `three tabs of a fresh browser all continue, each after at most one more sign-in`() async throws {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open()
            let states = ["st-1", "st-2", "st-3"]
            try await house.browser.rush(to: states.map { client.request(state: $0) })
            for (tab, state) in states.enumerated() {
                #expect(try await house.browser.turn(to: tab).fields.contains("username"))
                var page = try await house.browser.signIn()
                if page.fields.contains("username") { page = try await house.browser.signIn() }
                #expect(page.fields.contains("decision"), "the tab \(tab) shows “\(page.text)”")
                try await house.browser.enter(Browser.approve)
                try await house.browser.arrive(at: client.redirect)
                #expect(try await house.browser.received(at: client.port)["state"]?.string == state)
            }
            #expect(try await house.gatehouse.json(["sessions", "list"]).array?.count == 3)
        }
    }
}
