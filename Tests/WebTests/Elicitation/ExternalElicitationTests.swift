import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("The user continues to a page of the MCP server")
struct ExternalElicitationTests {
    private static let url = "https://pay.example/cart?id=7"

    private func ask(_ h: Harness, _ url: String = Self.url) async throws -> TestResponse {
        let more: [String: JSON?] = [
            "kind": "external", "message": "Pay for the export.", "action": nil as JSON?, "url": .string(url),
        ]
        return try await h.ask(try await h.tokens().access, more)
    }

    private func granted(_ h: Harness) async throws -> Asked {
        try await h.grant([.external, .confirm], hosts: ["pay.example"])
        return try await Asked(ask(h))
    }

    /// Presses “Continue” and takes the ticket out of the address that the browser is led to.
    private func ticket(_ h: Harness, _ browser: TestBrowser, _ asked: Asked, at page: TestResponse) async throws
        -> String
    {
        let onward = try await h.press(browser, asked, "approve", at: page)
        #expect(onward.status == .ok)
        return FormText.decode(queryOf: onward.continuation ?? "")["ticket"]?.first ?? ""
    }

    private func redeem(_ h: Harness, _ ticket: String, as server: AskingServer? = nil) async throws -> TestResponse {
        try await h.call(.post, "/elicitations/redeem", ["ticket": .string(ticket)], as: server)
    }

    private func complete(_ h: Harness, _ asked: Asked, _ outcome: String = "completed") async throws -> TestResponse {
        try await h.call(.post, asked.path + "/complete", ["outcome": .string(outcome), "reference": "receipt-7"])
    }

    @Test
    func `the page shows the destination, the hand-off has the ticket, and the result is marked as reported`()
        async throws
    {
        try await Harness.run { h in
            let asked = try await granted(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            for words in ["<bdi>pay.example</bdi>", "https://pay.example/cart?id=7", "value=\"approve\""] {
                #expect(page.text.contains(words), "\(words)")
            }
            let onward = try await h.press(browser, asked, "approve", at: page)
            #expect(onward.isPage("hand-off") && onward.text.contains("<bdi>pay.example</bdi>"))
            let address = try #require(onward.continuation)
            #expect(address.hasPrefix(Self.url + "&ticket="))
            let ticket = FormText.decode(queryOf: address)["ticket"]?.first ?? ""
            #expect(Base64URL.decode(ticket)?.count == 32)
            #expect(try await h.stored(asked)?.status == .opened)
            #expect(try await complete(h, asked).error == "not_redeemed")
            let redeemed = try await redeem(h, ticket)
            let stored = try #require(try await h.stored(asked))
            #expect(
                redeemed.json == [
                    "id": .string(asked.id), "subject": .string(h.user.subject.string), "client_id": "quill",
                    "session_id": .string(stored.sessionID.string),
                ])
            let done = try await complete(h, asked)
            #expect(done.json["status"] == "completed")
            let event = try JWT.verify(
                done.json["event"]?.string ?? "", typ: SecurityEvent.tokenType, algorithms: [.es256],
                keys: h.gatehouse.keys.verification(.events, at: h.clock.now.seconds)
            ).claims
            let told = event["events"]?.object?[SecurityEventType.elicitationCompleted.rawValue]?.object
            #expect(told?["evidence"] == "reported")
            #expect(told?["reported_by"]?.string == h.resource.id.string)
            let record = try #require(try await h.records(.elicitationCompleted).first)
            #expect(record.evidence == .reported(by: h.resource.id.string))
            #expect(record.explanation == "receipt-7")
            #expect(try await complete(h, asked).json["version"] == done.json["version"])
            #expect(try await complete(h, asked, "failed").error == "not_completed")
            let result = try await h.call(.post, asked.path + "/result")
            #expect(
                result.json == [
                    "id": .string(asked.id), "kind": "external", "outcome": "completed",
                    "reported_by": .string(h.resource.id.string),
                ])
            #expect(try await h.call(.post, asked.path + "/result").error == "already_collected")
            #expect(try await h.records(.elicitationHandedOver).count == 1)
            #expect(try await h.records(.elicitationRedeemed).count == 1)
        }
    }

    @Test(arguments: ["declined", "failed"]) func `each reported outcome ends it with its own status`(outcome: String)
        async throws
    {
        try await Harness.run { h in
            let asked = try await granted(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            _ = try await redeem(h, ticket(h, browser, asked, at: page))
            #expect(try await complete(h, asked, "paid").error == "invalid_request")
            #expect(try await complete(h, asked, outcome).json["status"]?.string == outcome)
            #expect(try await h.call(.post, asked.path + "/result").json["status"]?.string == outcome)
        }
    }

    @Test func `a foreign, used, expired or replaced ticket gets the same refusal`()
        async throws
    {
        try await Harness.run { h in
            let asked = try await granted(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            let other = try await h.addServer("https://other.example/mcp")
            let first = try await ticket(h, browser, asked, at: page)
            let second = try await ticket(h, browser, asked, at: page)
            #expect(first != second)
            var answers = [
                try await redeem(h, first), try await redeem(h, second, as: other), try await redeem(h, "x"),
            ]
            h.clock.advance(by: 60)
            answers.append(try await redeem(h, second))
            let third = try await ticket(h, browser, asked, at: page)
            h.clock.advance(by: 59)
            #expect(try await redeem(h, third).status == .ok)
            answers.append(try await redeem(h, third))
            let cancelled = try await Asked(ask(h, "https://pay.example/other"))
            let cancelledPage = try await h.open(browser, cancelled)
            let fourth = try await ticket(h, browser, cancelled, at: cancelledPage)
            _ = try await h.call(.delete, cancelled.path)
            answers.append(try await redeem(h, fourth))
            for answer in answers {
                #expect(answer.status == .notFound)
                #expect(answer.text == answers[0].text)
            }
            #expect(try await h.records(.elicitationRedeemed).count == 1)
            #expect(try await complete(h, cancelled).json["status"] == "cancelled")
        }
    }

    @Test func `of a hundred simultaneous redemptions one succeeds`() async throws {
        try await Harness.run { h in
            let asked = try await granted(h)
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            let ticket = try await ticket(h, browser, asked, at: page)
            let count = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 { group.addTask { try await redeem(h, ticket).status == .ok } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(count == 1)
        }
    }

    @Test func `the end of the session ends the elicitation, before and after the redemption`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let asked = try await granted(h)
            let page = try await h.open(browser, asked)
            _ = try await redeem(h, ticket(h, browser, asked, at: page))
            let waiting = try await Asked(ask(h, "https://pay.example/other"))
            let waitingPage = try await h.open(browser, waiting)
            let ticket = try await ticket(h, browser, waiting, at: waitingPage)
            for session in try await h.sessions() {
                _ = try await h.gatehouse.store.write { [now = h.clock.now] in
                    try $0.sessions.end(session.id, .byAdmin(at: now))
                }
            }
            #expect(try await complete(h, asked).error == "session_ended")
            #expect(try await redeem(h, ticket).status == .notFound)
            #expect(try await h.stored(asked)?.status == .cancelled)
        }
    }

    @Test func `a blocked client's ticket is not redeemed, and nothing is completed in its session`() async throws {
        try await DocumentScene.play(allow: [], block: [DocumentHost.name]) { scene in
            let h = scene.h
            try await scene.set(.host(DocumentHost.name), .allow)
            try await h.grant([.external], hosts: ["pay.example"])
            let browser = h.browser()
            let token = try await scene.tokens(browser).access
            func ask(_ url: String) async throws -> Asked {
                let more: [String: JSON?] = [
                    "kind": "external", "message": "Pay.", "action": nil as JSON?, "url": .string(url),
                ]
                return try await Asked(h.ask(token, more))
            }
            let (one, two) = (try await ask(Self.url), try await ask("https://pay.example/other"))
            let (first, second) = (try await h.open(browser, one), try await h.open(browser, two))
            _ = try await redeem(h, ticket(h, browser, one, at: first))
            let unused = try await ticket(h, browser, two, at: second)
            _ = try await h.gatehouse.store.write { try $0.clientRules.remove(about: .host(DocumentHost.name)) }
            #expect(try await complete(h, one).error == "session_ended")
            #expect(try await redeem(h, unused).status == .notFound)
            #expect(try await h.records(.elicitationCompleted).isEmpty)
            #expect(try await h.records(.elicitationRedeemed).count == 1)
            #expect(try await h.stored(two)?.ticketRedeemedAt == nil)
        }
    }

    @Test(arguments: [
        "https://pay.example:8443/", "https://evil.example/", "https://pay.example.evil.example/",
        "https://www.pay.example/",
    ]) func `a host that is not listed is refused by its name`(url: String) async throws {
        try await Harness.run { h in
            try await h.grant([.external], hosts: ["pay.example"])
            let refused = try await ask(h, url)
            #expect(refused.status == .forbidden)
            #expect(refused.error == "access_denied")
            #expect(refused.json["error_description"]?.string?.contains(try ExternalURL(url).host) ?? false)
            #expect(try await h.records(.elicitationCreated).isEmpty)
        }
    }

    @Test(arguments: [
        "http://pay.example/", "https://pay.example/#x", "https://ada@pay.example/", "https://pay.example/?ticket=1",
        "https://pay.example/?%74icket=1", "javascript:alert(1)", "https:pay.example", "https://pay.example./",
        "https://pay.example\\@evil.example/",
    ]) func `a URL that is not plain https is refused with the name of the member`(url: String) async throws {
        try await Harness.run { h in
            try await h.grant([.external], hosts: ["pay.example"])
            let refused = try await ask(h, url)
            #expect(refused.status == .badRequest)
            #expect(refused.json["error_description"]?.string?.hasPrefix("url must ") ?? false)
        }
    }

    @Test
    func `a host that is removed from the list is not visited, and an encoded name is marked`()
        async throws
    {
        try await Harness.run { h in
            try await h.grant([.external], hosts: ["xn--py-8ja.example"])
            let asked = try await Asked(ask(h, "https://xn--py-8ja.example"))
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            #expect(page.element("encoded-name") != nil)
            try await h.grant([.external], hosts: [])
            let end = try await h.press(browser, asked, "approve", at: page)
            #expect(end.continuation == nil)
            #expect(try await h.stored(asked)?.status == .failed)
            try await h.grant([.confirm])
            #expect(try await ask(h).error == "unsupported_kind")
        }
    }
}
