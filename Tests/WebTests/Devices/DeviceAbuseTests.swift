import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

@Suite("RFC 8628 §5 the device grant under abuse")
struct DeviceAbuseTests {
    @Test func `fifty parallel requests of a device get one session and one set of tokens`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let codes = try await DeviceSteps(h: h).codes()
            try await DeviceSteps(h: h).approve(codes)
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<50 { group.addTask { try await DeviceSteps(h: h).poll(codes) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == .ok } == 1)
            #expect(answers.count { $0.error == "invalid_grant" } == 49)
            #expect(try await h.sessions().map(\.state) == [.active], "requests in parallel are no theft")
            let issued = try await h.gatehouse.store.read { try $0.audit.tail(limit: 100) }
            #expect(issued.count { $0.entry.action == .tokenIssued } == 1)
        }
    }

    @Test func `fifty parallel approvals of one request make one session`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let (codes, browser) = (try await DeviceSteps(h: h).codes(), h.browser())
            let page = try await DeviceSteps(h: h).consent(codes.user, browser)
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<50 { group.addTask { try await h.decide(browser, at: page) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.isPage("device-end") }, "a second click shows the answer to the first")
            #expect(try await h.sessions().count == 1)
        }
    }

    @Test func `a device code that is used again later ends its session`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let codes = try await DeviceSteps(h: h).codes()
            try await DeviceSteps(h: h).approve(codes)
            let tokens = try await DeviceSteps(h: h).poll(codes).tokens
            h.clock.advance(by: 10)
            #expect(try await DeviceSteps(h: h).poll(codes).error == "invalid_grant")
            #expect(try await h.sessions().map(\.state) == [.active], "a repeated request lost its response")
            h.clock.advance(by: 1)
            #expect(try await DeviceSteps(h: h).poll(codes).error == "invalid_grant")
            #expect(try await h.sessions().map(\.endReason) == [.codeReplayed])
            #expect(try await h.refresh(tokens.refresh, ["client_id": DeviceSteps.tool]).error == "invalid_grant")
        }
    }

    @Test func `a slower device may repeat its request for longer, and none for more than a minute`() async throws {
        for (interval, repeatable) in [(20, 25), (600, 60)] as [(Int64, Int64)] {
            try await Harness.run { h in
                _ = try await DeviceSteps(h: h).add()
                let codes = try await DeviceSteps(h: h).codes()
                let slow = DevicePolling(interval: interval, lastAt: h.clock.now)
                try await h.gatehouse.store.write { try $0.devices.set(slow, of: .sha256(codes.device)) }
                try await DeviceSteps(h: h).approve(codes)
                #expect(try await DeviceSteps(h: h).poll(codes).status == .ok)
                h.clock.advance(by: repeatable)
                #expect(try await DeviceSteps(h: h).poll(codes).error == "invalid_grant")
                #expect(try await h.sessions().map(\.state) == [.active], "\(interval)")
                h.clock.advance(by: 1)
                #expect(try await DeviceSteps(h: h).poll(codes).error == "invalid_grant")
                #expect(try await h.sessions().map(\.endReason) == [.codeReplayed], "\(interval)")
            }
        }
    }

    @Test func `only the client that started can use a device code, in its exact spelling`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            _ = try await DeviceSteps(h: h).add("other")
            let codes = try await DeviceSteps(h: h).codes()
            try await DeviceSteps(h: h).approve(codes)
            for changes in [
                ["client_id": "other"], ["device_code": codes.user], ["device_code": codes.device + "A"],
                ["device_code": String(codes.device.dropLast())], ["device_code": DeviceCode.random().reveal()],
                ["device_code": codes.device.uppercased()],
            ] {
                let answer = try await DeviceSteps(h: h).poll(codes, changes)
                #expect(answer.error == "invalid_grant" && answer.status == .badRequest, "\(changes)")
            }
            #expect(try await DeviceSteps(h: h).poll(codes, ["client_id": "nobody"]).error == "invalid_client")
            #expect(try await DeviceSteps(h: h).poll(codes, ["device_code": nil]).error == "invalid_request")
            let foreign = try await DeviceSteps(h: h).poll(codes, ["resource": "https://other.example/mcp"])
            #expect(foreign.error == "invalid_target")
            #expect(try await DeviceSteps(h: h).states() == ["approved"])
            #expect(try await DeviceSteps(h: h).poll(codes).status == .ok)
        }
    }

    @Test func `nobody learns of a code without signing in, and a link only fills in the field`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let (codes, browser) = (try await DeviceSteps(h: h).codes(), h.browser())
            let stranger = try await browser.get("/device?user_code=\(codes.user)")
            #expect(stranger.isPage("sign-in") && !stranger.text.contains("Night Tool"))
            let typed = try await browser.post("/device", [("user_code", codes.user), ("step", "find")])
            #expect(typed.isPage("sign-in") && !typed.text.contains("Night Tool"))
            let filled = try await DeviceSteps(h: h).page(browser, query: "?user_code=\(codes.user.lowercased())")
            #expect(filled.isPage("device") && filled.input("user_code") == codes.user)
            #expect(!filled.text.contains("Night Tool"), "nothing is looked up before the user sends the code")
            for query in ["?user_code=%3Cscript%3E", "?user_code=AAAA-AAAA", "?user_code="] {
                let page = try await browser.get("/device" + query)
                #expect(page.isPage("device") && (page.input("user_code") ?? "") == "", "\(query)")
            }
            #expect(try await browser.get("/device?user_code=A&user_code=B").status == .badRequest)
            #expect(try await h.interactions() == 0)
            #expect(try await DeviceSteps(h: h).states() == ["pending"])
        }
    }

    @Test func `no form decides about a code that its page did not show`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let (mine, theirs) = (try await DeviceSteps(h: h).codes(), try await DeviceSteps(h: h).codes())
            let browser = h.browser()
            let entry = try await DeviceSteps(h: h).page(browser)
            let review = try await DeviceSteps(h: h).enter(mine.user, at: entry, browser)
            for (token, code, step) in [
                (entry.input("token"), mine.user, "proceed"), (entry.input("token"), mine.user, "deny"),
                (review.input("token"), theirs.user, "proceed"), (review.input("token"), theirs.user, "deny"),
                (review.input("token"), theirs.user, "find"), (nil, mine.user, "proceed"), ("x", mine.user, "find"),
            ] as [(String?, String, String)] {
                let answer = try await browser.post(
                    "/device", [("token", token ?? ""), ("user_code", code), ("step", step)])
                #expect(answer.status == .badRequest && answer.isPage("device"), "\(step)")
            }
            let crossSite = try await browser.post(
                "/device", [("token", review.input("token") ?? ""), ("user_code", mine.user), ("step", "proceed")],
                headers: [.origin: "https://evil.example"])
            #expect(crossSite.status == .forbidden)
            let other = h.browser()
            _ = try await h.addUser("bob")
            _ = try await DeviceSteps(h: h).page(other, as: "bob")
            #expect(try await DeviceSteps(h: h).press("proceed", at: review, other).status == .badRequest)
            #expect(try await h.interactions() == 0)
            #expect(try await DeviceSteps(h: h).states() == ["pending", "pending"])
        }
    }

    @Test func `a code that one user took up is unknown to every other, and to the same user in another browser`()
        async throws
    {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            _ = try await h.addUser("bob")
            let (codes, browser) = (try await DeviceSteps(h: h).codes(), h.browser())
            let consent = try await DeviceSteps(h: h).consent(codes.user, browser)
            let unknown = try await DeviceSteps(h: h).enter("WDJB-MJHT", at: DeviceSteps(h: h).page(browser), browser)
            for name in ["bob", "ada"] {
                let other = h.browser()
                let answer = try await DeviceSteps(h: h).enter(
                    codes.user, at: DeviceSteps(h: h).page(other, as: name), other)
                #expect(answer.status == .badRequest && answer.element("problem") == unknown.element("problem"))
                let foreign = try await h.decide(other, at: consent)
                #expect(foreign.status == .forbidden && foreign.text.contains("Request not available"))
            }
            let again = try await DeviceSteps(h: h).consent(codes.user, browser)
            #expect(again.isPage("consent"), "its user can go back")
            #expect(try await h.interactions() == 1)
            _ = try await h.decide(browser, at: again)
            #expect(try await h.sessions().map(\.userID) == [h.user.id])
        }
    }

    @Test func `of two users who go on at the same moment one has the request`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            _ = try await h.addUser("bob")
            let codes = try await DeviceSteps(h: h).codes()
            var reviews: [(TestBrowser, TestResponse)] = []
            for name in ["ada", "bob"] {
                let browser = h.browser()
                reviews.append(
                    (
                        browser,
                        try await DeviceSteps(h: h).enter(
                            codes.user, at: DeviceSteps(h: h).page(browser, as: name), browser)
                    ))
            }
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { [reviews] group in
                for (browser, review) in reviews {
                    group.addTask { try await DeviceSteps(h: h).press("proceed", at: review, browser) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == .seeOther } == 1)
            #expect(answers.count { $0.status == .badRequest } == 1)
            #expect(try await h.interactions() == 1)
        }
    }

    @Test func `a denial in another window closes the consent page and is recorded once`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let (codes, browser) = (try await DeviceSteps(h: h).codes(), h.browser())
            let review = try await DeviceSteps(h: h).enter(codes.user, at: DeviceSteps(h: h).page(browser), browser)
            let consent = try await DeviceSteps(h: h).consent(codes.user, browser)
            #expect(try await DeviceSteps(h: h).press("deny", at: review, browser).text.contains("Access denied"))
            #expect(try await h.interactions() == 0, "the page is gone")
            let late = try await h.decide(browser, at: consent)
            #expect(late.status == .forbidden && late.text.contains("Request not available"))
            let again = try await DeviceSteps(h: h).press("deny", at: review, browser)
            #expect(again.status == .badRequest && again.text.contains("No device waits"))
            #expect(try await h.sessions().isEmpty)
            let denials = try await h.gatehouse.store.read { try $0.audit.tail(limit: 20) }
                .filter { $0.entry.action == .accessDenied }
            #expect(denials.count == 1)
        }
    }

    @Test func `another account can take the request over on the consent page`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let bob = try await h.addUser("bob")
            let (codes, browser) = (try await DeviceSteps(h: h).codes(), h.browser())
            let page = try await DeviceSteps(h: h).consent(codes.user, browser)
            let signIn = try await h.decide(browser, at: page, "switch")
            #expect(signIn.isPage("sign-in"))
            let entry = try await DeviceSteps(h: h).follow(h.signIn(browser, at: signIn, as: "bob"), browser)
            #expect(entry.isPage("device") && entry.input("user_code") == codes.user)
            let review = try await DeviceSteps(h: h).enter(codes.user, at: entry, browser)
            let consent = try await DeviceSteps(h: h).follow(
                DeviceSteps(h: h).press("proceed", at: review, browser), browser)
            _ = try await h.decide(browser, at: consent)
            #expect(try await h.sessions().map(\.userID) == [bob.id])
            #expect(try await DeviceSteps(h: h).poll(codes).status == .ok)
        }
    }

    @Test func `a user tries six wrong codes, then one an hour, and right ones neither count nor help`() async throws {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let (codes, browser) = (try await DeviceSteps(h: h).codes(), h.browser())
            let page = try await DeviceSteps(h: h).page(browser)
            for number in 0..<6 {
                #expect(
                    try await DeviceSteps(h: h).enter("WDJB-MJHT", at: page, browser).status == .badRequest, "\(number)"
                )
                #expect(
                    try await DeviceSteps(h: h).enter("no code", at: page, browser).status == .badRequest,
                    "costs nothing")
                if number < 5 {
                    #expect(try await DeviceSteps(h: h).enter(codes.user, at: page, browser).isPage("device-request"))
                }
            }
            let held = try await DeviceSteps(h: h).enter(codes.user, at: page, browser)
            #expect(
                held.status == .tooManyRequests && held.isPage("device"), "a right code is not told from a wrong one")
            #expect(held.headers[.retryAfter] == "3600" && held.text.contains("Wait 60 minutes"))
            h.clock.advance(by: 3599)
            // The sign-in is idle for too long by now; another one gives no further tries.
            let later = try await DeviceSteps(h: h).page(browser)
            #expect(try await DeviceSteps(h: h).enter("WDJB-MJHT", at: later, browser).status == .tooManyRequests)
            h.clock.advance(by: 1)
            #expect(try await DeviceSteps(h: h).enter("WDJB-MJHT", at: later, browser).status == .badRequest)
            #expect(try await DeviceSteps(h: h).enter("WDJB-MJHT", at: later, browser).status == .tooManyRequests)
        }
    }

    @Test func `parallel guesses are counted before they are looked up`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await DeviceSteps(h: h).page(browser)
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<40 { group.addTask { try await DeviceSteps(h: h).enter("WDJB-MJHT", at: page, browser) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == .badRequest } == 6)
            #expect(answers.count { $0.status == .tooManyRequests } == 34)
        }
    }

    @Test func `the 51st open code of a network is refused, and a client with a secret has a count of its own`()
        async throws
    {
        try await Harness.run { h in
            _ = try await DeviceSteps(h: h).add()
            let secret = try #require(try await DeviceSteps(h: h).add("vault", method: .clientSecretBasic))
            for _ in 0..<50 { #expect(try await DeviceSteps(h: h).start().status == .ok) }
            let refused = try await DeviceSteps(h: h).start()
            #expect(refused.status == .tooManyRequests && refused.error == "too_many_requests")
            #expect(refused.headers[.retryAfter] == "60")
            #expect(try await DeviceSteps(h: h).start(["client_id": nil], basic: ("vault", secret)).status == .ok)
            #expect(try await DeviceSteps(h: h).states().count == 51)
            h.clock.advance(by: 600)
            #expect(try await DeviceSteps(h: h).start().status == .ok)
        }
    }

    @Test func `a network that sends too many requests gets 429 before anything is looked up`() async throws {
        try await Harness.run { h in
            for _ in 0..<60 { #expect(try await DeviceSteps(h: h).start().error == "invalid_client") }
            let held = try await DeviceSteps(h: h).start()
            #expect(held.status == .tooManyRequests && held.headers[.retryAfter] == "2")
            h.clock.advance(by: 2)
            #expect(try await DeviceSteps(h: h).start().error == "invalid_client")
        }
    }
}
