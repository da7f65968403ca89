import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The account page")
struct AccountTests {
    @Test func `the page needs a sign-in, and the sign-in page reveals nothing`() async throws {
        try await Harness.run { h in
            _ = try await h.tokens()
            let browser = h.browser()
            let signIn = try await browser.get("/account")
            #expect(signIn.status == .ok)
            for word in ["Team Files", "Quill", "ada"] { #expect(!signIn.text.contains(word), "\(word)") }
            let moved = try await h.signIn(browser, at: signIn)
            #expect(moved.headers[.location] == "http://localhost/account")
            let page = try await h.follow(browser, moved)
            #expect(page.status == .ok)
            for word in [
                "Signed in as <strong><bdi>ada", "Quill Notes", "Team Files", "https://files.example/mcp",
                "Platform team", "Read your files", "Registered by your administrator",
            ] { #expect(page.text.contains(word), "\(word)") }
            #expect(!page.text.contains("List your files"))
            #expect(page.headers[.cacheControl] == "no-store")
            let wrong = try await h.signIn(h.browser(), at: signIn)
            #expect(wrong.status == .badRequest, "a sign-in page belongs to its browser")
        }
    }

    @Test func `opening the page changes nothing, whatever its address says`() async throws {
        try await Harness.run { h in
            let session = try await h.fixtures.insertSession(h.user)
            let browser = h.browser()
            let page = try await h.account(browser)
            let token = page.input("token") ?? ""
            let before = try await h.gatehouse.store.read { try $0.audit.tail(limit: 100) }.count
            for query in [
                "step=end_all&token=\(token)", "step=end&session=\(session.id)&token=\(token)",
                "sessions=\(session.id)", "sessions=x&asked=y&notice=z", "sessions=\(SessionID.random())",
            ] {
                let answer = try await browser.get("/account?" + query)
                #expect(answer.status == .ok)
            }
            #expect(try await browser.get("/account?sessions=a&sessions=b").status == .badRequest)
            #expect(try await h.stored(session)?.state == .active)
            #expect(try await h.gatehouse.store.read { try $0.audit.tail(limit: 100) }.count == before)
        }
    }

    @Test func `revoking a session acts at once, is recorded as the user's action, and is confirmed once`()
        async throws
    {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let other = try await h.fixtures.insertSession(h.user, name: "Other")
            let browser = h.browser()
            let page = try await h.account(browser)
            let session = try #require(try await h.sessions().first { $0.id != other.id })
            let answer = try await h.step(browser, at: page, "end", [("session", session.id.string)])
            #expect(answer.status == .seeOther)
            let after = try await h.follow(browser, answer)
            #expect(after.element("notice")?.contains("Quill Notes") == true)
            #expect(!after.text.contains(session.id.string) && after.text.contains(other.id.string))
            #expect(try await h.introspect(tokens.access)["active"] == false)
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            let stored = try await h.stored(session)
            #expect(stored?.endReason == .revokedByPerson && stored?.endedBy == .user)
            #expect(try await h.stored(other)?.state == .active)
            let records = try await h.records(.sessionEnded)
            #expect(records.count == 1)
            #expect(records.first?.actor == .person(h.user.id) && records.first?.initiator == .human)
            #expect(records.first?.session == session.id)

            let again = try await h.follow(
                browser, h.step(browser, at: page, "end", [("session", session.id.string)]))
            #expect(again.element("notice")?.contains("Quill Notes") == true)
            #expect(try await h.records(.sessionEnded).count == 1)
            h.clock.advance(by: 120)
            let late = try await h.follow(browser, answer)
            #expect(late.element("notice") == nil, "the notice is not told for ever")
        }
    }

    @Test func `revoking all ends only this user's sessions, with open codes and elicitations`() async throws {
        try await Harness.run { h in
            let bob = try await h.addUser("bob")
            let foreign = try await h.fixtures.insertSession(bob)
            let tokens = try await h.tokens()
            let asked = try await Asked(h.ask(tokens.access))
            let code = try await h.code()
            for number in 0..<3 { _ = try await h.fixtures.insertSession(h.user, name: "App \(number)") }
            let browser = h.browser()
            let page = try await h.account(browser)
            let after = try await h.follow(browser, h.step(browser, at: page, "end_all"))
            #expect(after.element("notice")?.contains("5") == true)
            #expect(after.element("no-sessions") != nil)
            #expect(try await h.introspect(tokens.access)["active"] == false)
            #expect(try await h.redeem(code).error == "invalid_grant")
            #expect(try await h.stored(asked)?.status == .cancelled)
            #expect(try await h.stored(foreign)?.state == .active)
            #expect(try await h.records(.sessionEnded).count == 5)
            let empty = try await h.follow(browser, h.step(browser, at: page, "end_all"))
            #expect(empty.element("notice") != nil)
        }
    }

    @Test func `a long list has pages that show each session once, and foreign cursors are ignored`() async throws {
        try await Harness.run { h in
            var made: Set<String> = []
            for number in 0..<45 {
                made.insert(try await h.fixtures.insertSession(h.user, after: Int64(number / 2)).id.string)
            }
            let bob = try await h.addUser("bob")
            let foreign = try await h.fixtures.insertSession(bob)
            let browser = h.browser()
            var page = try await h.account(browser)
            var seen: [String] = []
            var steps = 0
            while steps < 10 {
                steps += 1
                seen += page.values("session")
                guard let next = page.link(after: "/account?sessions=") else { break }
                page = try await browser.get("/account?sessions=\(next)")
            }
            #expect(steps == 3 && seen.count == 45 && Set(seen) == made)
            let first = try await h.account(browser)
            #expect(try await browser.get("/account?sessions=\(foreign.id)").text == first.text)
            #expect(first.values("session").count == 20)
        }
    }

    @Test func `a pending request links to its page, and an ended one shows its outcome`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let browser = h.browser()
            let approved = try await h.askAnew(token, "one")
            _ = try await h.press(browser, approved, "approve", at: h.open(browser, approved))
            let declined = try await h.askAnew(token, "two")
            _ = try await h.press(browser, declined, "decline", at: h.open(browser, declined))
            let late = try await h.askAnew(token, "three")
            h.clock.advance(by: 900)
            let open = try await h.askAnew(h.refresh(h.tokens(browser).refresh).tokens.access, "four")
            _ = try await h.addUser("bob")
            let stranger = h.browser()
            let foreign = try await h.account(stranger, as: "bob")
            let page = try await h.account(browser)
            #expect(page.text.contains("href=\"\(open.page)\""))
            #expect(page.element("questions") != nil)
            for words in ["Approved", "Declined", "Expired", "Delete the folder Drafts"] {
                #expect(page.text.contains(words), "\(words)")
                #expect(!foreign.text.contains(words), "\(words)")
            }
            for asked in [approved, declined, late] { #expect(!page.text.contains("href=\"\(asked.page)\"")) }
            #expect(!foreign.text.contains("/e/ask_"))
            #expect(try await h.stored(open)?.status == .pending, "looking at the list is not opening it")
        }
    }

    @Test func `the list of requests has pages`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let browser = h.browser()
            for number in 0..<12 {
                let asked = try await h.askAnew(token, "a\(number)")
                _ = try await h.call(.delete, asked.path)
            }
            let page = try await h.account(browser)
            #expect(page.count(of: ">Cancelled<") == 10)
            let next = try #require(page.link(after: "/account?asked="))
            let rest = try await browser.get("/account?asked=\(next)")
            #expect(rest.count(of: ">Cancelled<") == 2)
            #expect(rest.link(after: "/account?asked=") == nil && rest.text.contains(">Newest<"))
            _ = try await h.addUser("bob")
            let stranger = h.browser()
            let own = try await h.account(stranger, as: "bob")
            #expect(try await stranger.get("/account?asked=\(next)").text == own.text)
        }
    }

    @Test func `signing out ends this login, signing out everywhere ends all, and sessions continue`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let browser = h.browser()
            let other = h.browser()
            let page = try await h.account(browser)
            _ = try await h.account(other)
            let cookie = try #require(browser.cookies["gatehouse"])
            let out = try await h.step(browser, at: page, "sign_out")
            #expect(browser.cookies["gatehouse"] == nil)
            let after = try await h.follow(browser, out)
            #expect(after.input("interaction") != nil && after.element("notice") != nil)
            browser.cookies["gatehouse"] = cookie
            #expect(try await browser.get("/account").input("interaction") != nil, "the old cookie is worthless")
            let still = try await other.get("/account")
            #expect(still.isPage("account"))
            #expect(try await h.records(.personSignedOut).count == 1)

            let third = h.browser()
            _ = try await h.account(third)
            let gone = try await h.follow(other, h.step(other, at: still, "sign_out_everywhere"))
            #expect(gone.isPage("sign-in") && gone.element("notice") != nil)
            #expect(try await third.get("/account").input("interaction") != nil)
            #expect(try await h.browserLogins() == 0)
            #expect(try await h.introspect(tokens.access)["active"] == true)
        }
    }
}

extension TestResponse {
    /// The values of all inputs of this name.
    func values(_ name: String) -> [String] {
        text.split(separator: "name=\"\(name)\" value=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }

    /// The cursor at the end of the link with this prefix.
    func link(after place: String) -> String? {
        guard let start = text.firstRange(of: place) else { return nil }
        return String(text[start.upperBound...].prefix { $0 != "\"" && $0 != "#" })
    }

    /// How often these words stand in it.
    func count(of words: String) -> Int { text.ranges(of: words).count }
}
