import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Changing the password")
struct PasswordChangeTests {
    private static let new = "a new and long password"

    private func change(
        _ h: Harness, _ browser: TestBrowser, at page: TestResponse, from current: String = Harness.password,
        to new: String = new, again: String? = nil, everything: Bool = false
    ) async throws -> TestResponse {
        try await h.step(
            browser, at: page, "password",
            [("current", current), ("new", new), ("again", again ?? new)] + (everything ? [("everything", "yes")] : []))
    }

    @Test func `the new password is valid, the old one is not, and this browser continues with a new cookie`()
        async throws
    {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let browser = h.browser()
            let other = h.browser()
            let page = try await h.account(browser)
            _ = try await h.account(other)
            let cookie = try #require(browser.cookies["gatehouse"])
            let answer = try await change(h, browser, at: page)
            #expect(answer.status == .seeOther)
            #expect(browser.cookies["gatehouse"] != cookie)
            let after = try await h.follow(browser, answer)
            #expect(after.element("notice") != nil)
            let thief = h.browser()
            thief.cookies["gatehouse"] = cookie
            #expect(try await thief.get("/account").input("interaction") != nil, "the old cookie is worthless")
            #expect(try await other.get("/account").isPage("account"))
            #expect(try await h.introspect(tokens.access)["active"] == true)
            let fresh = h.browser()
            let signIn = try await fresh.get("/account")
            #expect(try await h.signIn(fresh, at: signIn).status == .unauthorized)
            #expect(try await h.signIn(fresh, at: signIn, password: Self.new).status == .seeOther)
            let records = try await h.records(.passwordChanged)
            #expect(records.count == 1 && records.first?.actor == .person(h.user.id))
        }
    }

    @Test func `it can also end all sessions and sign out all other browsers`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let foreign = try await h.fixtures.insertSession(h.addUser("bob"))
            let browser = h.browser()
            let other = h.browser()
            let page = try await h.account(browser)
            _ = try await h.account(other)
            let after = try await h.follow(browser, change(h, browser, at: page, everything: true))
            #expect(after.element("notice")?.contains("1 session") == true)
            #expect(try await h.introspect(tokens.access)["active"] == false)
            #expect(try await other.get("/account").input("interaction") != nil)
            #expect(try await h.browserLogins() == 1)
            #expect(try await h.stored(foreign)?.state == .active)
            #expect(try await h.records(.sessionEnded).map(\.actor) == [.person(h.user.id)])
        }
    }

    @Test func `a problem of the new password is shown in one sentence, and nothing changes`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.account(browser)
            let long = String(repeating: "a", count: 1_025)
            let same = Harness.password
            for (new, again, words) in [
                (Self.new, "something else", "differ"), ("short", nil, "at least 8 characters"),
                ("", nil, "at least 8 characters"), (long, nil, "too long"), ("with a \u{7} bell", nil, "control"),
                (same, nil, "equals"),
            ] {
                let answer = try await change(h, browser, at: page, to: new, again: again)
                #expect(answer.status == .badRequest)
                #expect(answer.element("password-problem")?.contains(words) == true, "\(words)")
                if !new.isEmpty { #expect(!answer.text.contains(new)) }
            }
            #expect(try await h.password()?.data == h.credential.data)
            #expect(try await h.records(.passwordChanged).isEmpty)
        }
    }

    @Test func `guesses of the current password share the limit of the sign-in`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.account(browser)
            var statuses: [HTTPResponse.Status] = []
            for _ in 0..<7 { statuses.append(try await change(h, browser, at: page, from: "a wrong guess").status) }
            #expect(statuses == Array(repeating: .forbidden, count: 5) + [.tooManyRequests, .tooManyRequests])
            let held = try await change(h, browser, at: page)
            #expect(held.status == .tooManyRequests && held.headers[.retryAfter] != nil)
            let again = try await h.authorize(browser, h.request(["prompt": "login"]))
            #expect(try await h.signIn(browser, at: again).status == .tooManyRequests)
            // Another mark of the browser opens no budget of its own.
            browser.cookies["gatehouse-browser"] = nil
            for _ in 0..<5 { _ = try await change(h, browser, at: page, from: "a wrong guess") }
            browser.cookies["gatehouse-browser"] = nil
            #expect(try await change(h, browser, at: page).status == .tooManyRequests)
            #expect(try await h.records(.passwordChanged).isEmpty)
            h.clock.advance(by: 900)
            #expect(try await change(h, browser, at: page).status == .seeOther)
        }
    }

    @Test func `of many simultaneous changes one wins`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.account(browser)
            let answers = try await withThrowingTaskGroup(of: (Int, HTTPResponse.Status).self) { group in
                for number in 0..<8 {
                    group.addTask {
                        (number, try await change(h, browser, at: page, to: "the new password \(number)").status)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let won = answers.filter { $0.1 == .seeOther }
            #expect(won.count == 1)
            #expect(try await h.records(.passwordChanged).count == 1)
            let fresh = h.browser()
            let signIn = try await fresh.get("/account")
            let right = try await h.signIn(fresh, at: signIn, password: "the new password \(won.first?.0 ?? -1)")
            #expect(right.status == .seeOther)
        }
    }

    @Test func `a replayed form changes nothing, and hashes and passwords stand in no page`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.account(browser)
            let answer = try await change(h, browser, at: page)
            #expect(answer.status == .seeOther)
            let replayed = try await change(h, browser, at: page)
            #expect(replayed.status == .badRequest)
            #expect(replayed.element("problem") != nil)
            for text in [replayed.text, try await h.follow(browser, answer).text] {
                #expect(!text.contains(Self.new) && !text.contains(Harness.password) && !text.contains("scrypt"))
            }
            #expect(try await h.records(.passwordChanged).count == 1)
        }
    }
}
