import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import Synchronization
import TestSupport
import Testing

@Suite("A user sends a secret to an MCP server")
struct SecretElicitationTests {
    private static let key = "sk-canary-0123456789"

    private func ask(_ h: Harness, _ changes: [String: JSON?] = [:]) async throws -> Asked {
        try await h.grant([.confirm, .secret])
        return try await Asked(h.askSecret(try await h.tokens().access, changes))
    }

    private func handedOver(_ h: Harness) async throws -> Asked {
        let asked = try await ask(h)
        let browser = h.browser()
        let page = try await h.open(browser, asked)
        let end = try await h.fill(browser, asked, [("f0", Self.key), ("f1", "team")], at: page)
        #expect(end.status == .ok)
        #expect(end.isPage("elicitation-end"))
        return asked
    }

    @Test func `the page gives the fields its own names and names the recipient`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            let page = try await h.open(h.browser(), asked).text
            for words in [
                "Gatehouse password", "Only <bdi>Team Files</bdi> receives",
                "API key", "Of the team&#39;s account", "Account name", "Port", "Europe", "America", "Try it at once",
                "name=\"f0\" type=\"password\" inputmode=\"text\" value=\"\" autocomplete=\"new-password\"",
                "name=\"f1\" type=\"text\" inputmode=\"text\" value=\"\" autocomplete=\"off\"",
                "name=\"f3\" value=\"0\" autocomplete=\"off\"",
            ] { #expect(page.contains(words), "\(words)") }
            for words in ["api_key", "eu-1", "us-1", "name=\"account\""] { #expect(!page.contains(words), "\(words)") }
            #expect(page.components("required</span>") == 2)
        }
    }

    @Test func `only that MCP server gets the values, once, and no event, record or status contains them`()
        async throws
    {
        try await Harness.run { h in
            let asked = try await ask(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            let end = try await h.fill(
                browser, asked,
                [
                    ("f0", Self.key), ("f1", " team "), ("f2", "443"), ("f3", "1"), ("f4", "0"), ("f4", "1"),
                    ("f5", "yes"),
                ],
                at: page)
            #expect(end.isPage("elicitation-end"))
            #expect(!end.text.contains(Self.key))
            let stored = try #require(try await h.stored(asked))
            #expect(stored.status == .completed)
            #expect(stored.authTime == h.clock.now)
            let status = try await h.call(.get, asked.path)
            let event = try JWT.verify(
                status.json["event"]?.string ?? "", typ: SecurityEvent.tokenType, algorithms: [.es256],
                keys: h.gatehouse.keys.verification(.events, at: h.clock.now.seconds)
            ).claims
            #expect(!JSON.object(event).text.contains(Self.key))
            let other = try await h.addServer("https://other.example/mcp")
            for method in [HTTPRequest.Method.get, .post, .delete] {
                #expect(try await h.call(method, asked.path + "/result", as: other).status == .notFound)
            }
            let answer = try await h.call(.post, asked.path + "/result")
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(answer.json["kind"] == "secret")
            #expect(
                answer.json["content"]?.object == [
                    "api_key": .string(Self.key), "account": "team", "port": 443, "region": "us-1",
                    "rights": ["read", "write"], "test": true,
                ])
            for method in [HTTPRequest.Method.get, .post] {
                #expect(try await h.call(method, asked.path + "/result").error == "already_collected")
            }
            #expect(try await h.stored(asked)?.content == nil)
            #expect(try await h.records(.elicitationCollected).count == 1)
        }
    }

    @Test func `a secret can be read until it is acknowledged, then it is erased`() async throws {
        try await Harness.run { h in
            let asked = try await handedOver(h)
            for _ in 1...2 {
                let read = try await h.call(.get, asked.path + "/result")
                #expect(read.json["content"]?.object?["api_key"]?.string == Self.key)
            }
            #expect(try await h.records(.elicitationRead).count == 2)
            #expect(try await h.stored(asked)?.content != nil)
            #expect(try await h.call(.delete, asked.path + "/result").status == .noContent)
            #expect(try await h.stored(asked)?.content == nil)
            #expect(try await h.call(.delete, asked.path + "/result").status == .noContent)
            #expect(try await h.call(.get, asked.path + "/result").status == .gone)
        }
    }

    @Test func `a result exists only for a completed secret in a live session`() async throws {
        try await Harness.run { h in
            let open = try await ask(h)
            for method in [HTTPRequest.Method.get, .post, .delete] {
                let early = try await h.call(method, open.path + "/result")
                #expect(early.error == "not_completed")
                #expect(early.json["status"] == "pending")
            }
            let ended = try await handedOver(h)
            let session = try #require(try await h.stored(ended)).sessionID
            _ = try await h.gatehouse.store.write { [now = h.clock.now] in
                try $0.sessions.end(session, .byAdmin(at: now))
            }
            #expect(try await h.call(.get, ended.path + "/result").error == "session_ended")
            #expect(try await h.call(.post, ended.path + "/result").error == "session_ended")
            let late = try await handedOver(h)
            h.clock.advance(by: 900)
            #expect(try await h.call(.get, late.path + "/result").error == "already_collected")
            #expect(try await h.records(.elicitationRead).isEmpty)
        }
    }

    @Test func `of a hundred simultaneous collections one spends the secret`() async throws {
        try await Harness.run { h in
            let asked = try await handedOver(h)
            let spent = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let isClaim = number.isMultiple(of: 2)
                        let answer = try await h.call(
                            isClaim ? .delete : .post, asked.path + "/result" + (isClaim ? "?claim=c\(number)" : ""))
                        return answer.status != .gone
                    }
                }
                return try await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(spent.filter { $0 }.count == 1)
            #expect(try await h.records(.elicitationCollected).count == 1)
        }
    }

    @Test func `a problem appears at its field, and other values stay, except passwords`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            let again = try await h.fill(
                browser, asked,
                [("f0", Self.key), ("f1", "my <b>team</b>"), ("f2", "x"), ("f3", "1"), ("f5", "yes")], at: page)
            #expect(again.status == .badRequest)
            #expect(again.element("f2-problem")?.isEmpty == false)
            #expect(again.input("f1") == "my <b>team</b>")
            #expect(!again.text.contains("<b>"))
            #expect(again.input("f2") == "x")
            #expect(again.text.contains("name=\"f3\" value=\"1\" autocomplete=\"off\" checked"))
            #expect(!again.text.contains("name=\"f3\" value=\"0\" autocomplete=\"off\" checked"))
            #expect(!again.text.contains(Self.key))
            #expect(again.text.components("Enter this again.") == 1)
            #expect(try await h.stored(asked)?.status == .opened)
            for (fields, words) in [
                ([("f0", "short"), ("f1", "t")], "at least 8 characters"),
                ([("f1", "t")], "Fill in this field."),
                ([("f0", Self.key), ("f1", "t"), ("f3", "2")], "on the list"),
                ([("f0", Self.key), ("f1", "t"), ("f3", "eu-1")], "on the list"),
                ([("f0", Self.key), ("f1", "t"), ("f2", "65536")], "at most 65535."),
                ([("f0", Self.key), ("f1", "t"), ("f1", "u")], "Enter one value."),
                ([("api_key", Self.key), ("account", "t")], "Fill in this field."),
            ] {
                let refused = try await h.fill(browser, asked, fields, at: page)
                #expect(refused.status == .badRequest)
                #expect(refused.text.contains(words), "\(words)")
            }
            #expect(try await h.stored(asked)?.content == nil)
            let end = try await h.fill(browser, asked, [("f0", Self.key), ("f1", "team")], at: again)
            #expect(end.status == .ok)
        }
    }

    @Test func `a value that the page cannot show unchanged must be entered again`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            let again = try await h.fill(browser, asked, [("f0", "x"), ("f1", "a  b\u{202E}")], at: page)
            #expect(again.input("f1") == "")
            #expect(again.text.components("Enter this again.") == 1)
        }
    }

    @Test func `a sign-in older than 15 minutes must be renewed before the page opens and before it sends`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            h.clock.advance(by: 901)
            let asked = try await ask(h, ["expires_in": 3600])
            let signIn = try await browser.get(asked.page)
            #expect(signIn.isPage("sign-in") && signIn.element("problem") != nil)
            for words in ["Team Files", "API key", "Quill"] { #expect(!signIn.text.contains(words)) }
            #expect(try await h.stored(asked)?.status == .pending)
            _ = try await h.signIn(browser, at: signIn)
            let page = try await browser.get(asked.page)
            #expect(page.text.contains("API key"))
            h.clock.advance(by: 900)
            #expect(try await browser.get(asked.page).text.contains("API key"))
            h.clock.advance(by: 1)
            let refused = try await h.fill(browser, asked, [("f0", Self.key), ("f1", "team")], at: page)
            #expect(refused.isPage("sign-in") && refused.element("problem") != nil)
            #expect(!refused.text.contains(Self.key))
            #expect(try await h.stored(asked)?.status == .opened)
            // A confirmation asks for no such thing.
            let confirm = try await h.askAnew(try await h.tokens().access, "any")
            #expect(try await browser.get(confirm.page).text.contains("Delete the folder"))
        }
    }

    @Test func `the user's own password is refused, recorded and never shown`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            let values = [("f0", Harness.password), ("f1", "t")]
            let refused = try await h.fill(browser, asked, values, at: page)
            #expect(refused.status == .badRequest)
            #expect(refused.element("problem")?.contains("password") == true)
            #expect(!refused.text.contains(Harness.password))
            #expect(try await h.stored(asked)?.status == .opened)
            #expect(try await h.stored(asked)?.content == nil)
            let record = try #require(try await h.records(.elicitationOwnPassword).first)
            #expect(record.outcome == .refused)
            #expect(record.user == h.user.id)
            #expect(record.correlation == asked.id)
            let end = try await h.fill(browser, asked, [("f0", Self.key), ("f1", "t")], at: page)
            #expect(end.status == .ok)
        }
    }

    @Test func `each value is compared once, five an elicitation, and a foreign form is not compared`()
        async throws
    {
        let work = Mutex(0)
        let hasher = PasswordHasher(cost: .cheapForTests) { password, hash in
            work.withLock { $0 += 1 }
            return hash.verifies(password)
        }
        try await Harness.run(hasher: hasher) { h in
            let asked = try await ask(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            work.withLock { $0 = 0 }
            let own = [("f0", Harness.password), ("f1", Harness.password)]
            _ = try await browser.post(asked.page, [("token", "x"), ("decision", "approve")] + own)
            _ = try await h.press(browser, asked, "decide", at: page)
            let restart = [("token", page.input("token") ?? ""), ("decision", "restart")]
            #expect(try await browser.post(asked.page, restart + own).status == .badRequest)
            _ = try await h.fill(browser, asked, own + [("f2", "x")], at: page)
            #expect(work.withLock { $0 } == 0)
            for count in 1...5 {
                #expect(try await h.fill(browser, asked, own, at: page).status == .badRequest)
                #expect(work.withLock { $0 } == count)
            }
            let waits = try await h.fill(browser, asked, own, at: page)
            #expect(waits.status == .tooManyRequests)
            #expect(waits.headers[.retryAfter] == "1")
            #expect(work.withLock { $0 } == 5)
            h.clock.advance(by: 1)
            let long = String(repeating: "k", count: 1025)
            #expect(try await h.fill(browser, asked, [("f0", long), ("f1", long)], at: page).status == .ok)
            #expect(work.withLock { $0 } == 5)
        }
    }

    @Test func `no other user can send the form`() async throws {
        try await Harness.run { h in
            let asked = try await ask(h)
            _ = try await h.addUser("bob")
            let ada = h.browser()
            let page = try await h.open(ada, asked)
            let bob = h.browser()
            _ = try await h.open(bob, asked, as: "bob")
            let refused = try await h.fill(bob, asked, [("f0", Self.key), ("f1", "t")], at: page)
            #expect(refused.status == .forbidden)
            #expect(!refused.text.contains(Self.key))
            let stranger = try await h.fill(h.browser(), asked, [("f0", Self.key), ("f1", "t")], at: page)
            #expect(stranger.input("interaction") != nil)
            #expect(try await h.stored(asked)?.status == .opened)
            _ = try await h.press(ada, asked, "decline", at: page)
            #expect(try await h.stored(asked)?.status == .declined)
            let late = try await h.fill(ada, asked, [("f0", Self.key), ("f1", "t")], at: page)
            #expect(late.status == .conflict)
            #expect(try await h.stored(asked)?.content == nil)
        }
    }

    @Test func `a kind that was not granted, and a schema that says more than is enforced, are refused`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            #expect(try await h.askSecret(token).error == "unsupported_kind")
            try await h.grant([.secret])
            let schema: JSON = [
                "type": "object", "properties": ["x": ["type": "string", "pattern": "(?=a)"]],
            ]
            let refused = try await h.askSecret(token, ["requested_schema": schema])
            #expect(refused.error == "invalid_request")
            #expect(
                refused.json["error_description"]?.string?.contains("requested_schema.properties.x.pattern") ?? false)
        }
    }
}

extension String {
    /// How often another text stands in it.
    fileprivate func components(_ text: String) -> Int {
        split(separator: text, omittingEmptySubsequences: false).count - 1
    }
}
