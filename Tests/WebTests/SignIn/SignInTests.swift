import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Signing in")
struct SignInTests {
    @Test func `an unknown username and a wrong password get the same response`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            let unknown = try await h.signIn(browser, at: page, as: "eve", password: "wrong")
            let wrong = try await h.signIn(browser, at: page, as: "ada", password: "wrong")
            #expect(unknown.status == .unauthorized)
            #expect(wrong.text.contains("Quill Notes"), "who asks still shows")
            #expect(unknown.text.replacing("eve", with: "ada") == wrong.text)
            #expect(try await h.browserLogins() == 0)
        }
    }

    @Test func `an unknown name, a wrong or no password, a disabled account and a broken hash cost the same work`()
        async throws
    {
        let work = Mutex<[String]>([])
        let hasher = PasswordHasher(cost: .cheapForTests) { password, hash in
            // The cost is between the first dollars; the rest differs from hash to hash.
            work.withLock { $0.append(hash.string.split(separator: "$").prefix(2).joined(separator: "$")) }
            return hash.verifies(password)
        }
        try await Harness.run(hasher: hasher) { h in
            let off = try await h.addUser("off")
            let odd = try await h.addUser("odd")
            let bare = User(name: "bare", createdAt: h.clock.now)
            try await h.gatehouse.store.write { [now = h.clock.now] transaction in
                _ = try transaction.users.setDisabled(now, off.id)
                try transaction.credentials.setPassword("no hash", of: odd.id, now: now)
                _ = try transaction.users.insert(bare)
            }
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            var answers: Set<String> = []
            for (name, password) in [
                ("ada", "wrong"), ("eve", "wrong"), ("off", Harness.password), ("odd", "wrong"), ("bare", "wrong"),
            ] {
                let before = work.withLock { $0.count }
                let answer = try await h.signIn(browser, at: page, as: name, password: password)
                #expect(answer.status == .unauthorized)
                #expect(work.withLock { $0.count } == before + 1, "\(name)")
                answers.insert(answer.text.replacing("value=\"\(name)\"", with: "value=\"\""))
            }
            #expect(answers.count == 1)
            #expect(Set(work.withLock { $0 }) == ["scrypt$ln=4,r=1,p=1"])
        }
    }

    @Test func `each sign-in sets a new cookie and invalidates the one before it`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            let first = try #require(browser.cookies["gatehouse"])
            let page = try await h.authorize(browser, h.request(["prompt": "login"]))
            _ = try await h.signIn(browser, at: page)
            #expect(browser.cookies["gatehouse"] != first)
            browser.cookies["gatehouse"] = first
            #expect(try await h.authorize(browser, h.request()).input("interaction") != nil)
        }
    }

    @Test func `a sign-in form of another browser is refused before any password is tried`() async throws {
        try await Harness.run { h in
            let page = try await h.authorize(h.browser(), h.request())
            let victim = h.browser()
            _ = try await h.authorize(victim, h.request())
            let answer = try await h.signIn(victim, at: page)
            #expect(answer.status == .badRequest)
            #expect(victim.cookies["gatehouse"] == nil)
            #expect(try await h.browserLogins() == 0)
        }
    }

    @Test func `a sealed request with a flipped byte, or a late one, opens nothing`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            let token = try #require(page.input("interaction"))
            for offset in stride(from: 0, to: token.count, by: 7) {
                let index = token.index(token.startIndex, offsetBy: offset)
                var altered = token
                altered.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
                let answer = try await browser.post(
                    "/login", [("interaction", altered), ("username", "ada"), ("password", Harness.password)])
                #expect(answer.status == .badRequest)
            }
            h.clock.advance(by: 600)
            #expect(try await h.signIn(browser, at: page).status == .badRequest)
            #expect(try await h.browserLogins() == 0)
        }
    }

    @Test func `of two hundred parallel wrong passwords only five are hashed`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            let statuses = try await withThrowingTaskGroup(of: HTTPResponse.Status.self) { group in
                for _ in 0..<200 {
                    group.addTask { try await h.signIn(browser, at: page, password: "wrong").status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == .unauthorized } <= 5)
            #expect(statuses.count { $0 == .tooManyRequests } >= 195)
            #expect(try await h.signIn(browser, at: page).status == .tooManyRequests)
            h.clock.advance(by: 900)
            let later = try await h.authorize(browser, h.request())
            #expect(try await h.signIn(browser, at: later).status == .seeOther)
        }
    }

    @Test func `another spelling of the username shares the limit`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            for name in ["ada", "ADA", "Ada", "aDa", "adA"] {
                _ = try await h.signIn(browser, at: page, as: name, password: "wrong")
            }
            #expect(try await h.signIn(browser, at: page, as: "ada").status == .tooManyRequests)
        }
    }

    @Test func `guesses of strangers do not lock out a browser in which the user signed in before`() async throws {
        try await Harness.run { h in
            let own = h.browser()
            _ = try await h.consentPage(own, h.request())
            let stranger = h.browser()
            let page = try await h.authorize(stranger, h.request())
            for _ in 0..<6 { _ = try await h.signIn(stranger, at: page, password: "wrong") }
            #expect(try await h.signIn(stranger, at: page).status == .tooManyRequests)
            let again = try await h.authorize(own, h.request(["prompt": "login"]))
            #expect(try await h.signIn(own, at: again).status == .seeOther)
        }
    }

    @Test func `a disabled account cannot sign in and gets the response for a wrong password`() async throws {
        try await Harness.run { h in
            try await h.gatehouse.store.write { [user = h.user.id, now = h.clock.now] in
                _ = try $0.users.setDisabled(now, user)
            }
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            #expect(try await h.signIn(browser, at: page).status == .unauthorized)
            #expect(try await h.browserLogins() == 0)
        }
    }

    @Test func `a form from another site is refused whatever it carries`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            let form = [
                ("interaction", page.input("interaction") ?? ""), ("username", "ada"), ("password", Harness.password),
            ]
            let answer = try await browser.post("/login", form, headers: [.origin: "https://evil.example"])
            #expect(answer.status == .forbidden)
            #expect(try await h.browserLogins() == 0)
        }
    }

    @Test func `a login expires after half an hour of inactivity`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            h.clock.advance(by: 1799)
            #expect(try await h.authorize(browser, h.request()).status == .seeOther)
            h.clock.advance(by: 1800)
            #expect(try await h.authorize(browser, h.request()).input("interaction") != nil)
        }
    }
}
