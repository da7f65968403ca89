import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Connecting an account at a provider")
struct ConnectTests {
    /// A server with a provider and a pending request to connect.
    private func play(
        issuer: String? = nil, operators: OperatorClient = OperatorClient(deadline: .seconds(20)),
        _ test: @Sendable @escaping (Harness, LoopbackProvider, Asked) async throws -> Void
    ) async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run(operators: operators) { h in
            try await h.providers.add(provider, issuer: issuer)
            let asked = try await Asked(h.providers.ask(h.tokens().access))
            #expect(asked.status == .created)
            try await test(h, provider, asked)
        }
        try await provider.stop()
    }

    private let hasty = OperatorClient(deadline: .milliseconds(300))

    @Test func `the page shows the MCP server and the permissions, and only connecting leads to the provider`()
        async throws
    {
        try await play { h, provider, asked in
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            for word in ["Connect your account.", "Team Files", "hub", "127.0.0.1", "repo"] {
                #expect(page.text.contains(word), "\(word)")
            }
            #expect(!page.text.contains("state="))
            let answer = try await h.press(browser, asked, "approve", at: page)
            #expect(answer.status == .ok)
            let address = try #require(answer.continuation)
            #expect(address.hasPrefix(provider.address("/authorize?response_type=code&client_id=gatehouse&")))
            let query = FormText.decode(queryOf: address)
            #expect(query["redirect_uri"] == ["http://localhost/connect/hub/callback"])
            #expect(query["scope"] == ["repo"] && query["code_challenge_method"] == ["S256"])
            #expect(query["state"]?.first?.utf8.count == 43)
            #expect(try await h.stored(asked)?.status == .opened)
            #expect(try await h.providers.connections().isEmpty && provider.tokenRequests.isEmpty)
        }
    }

    @Test func `a returning user is connected, and the MCP server collects once and gets tokens`()
        async throws
    {
        try await play { h, provider, asked in
            let browser = h.browser()
            let end = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
            #expect(end.status == .ok)
            #expect(end.text.contains("Connected") && end.text.contains("Quill Notes"))
            #expect(try await h.stored(asked)?.status == .completed)
            let sent = try #require(provider.tokenRequests.first)
            #expect(sent.contains("code=code-canary") && sent.contains("code_verifier="))
            let result = try await h.call(.get, asked.path + "/result")
            #expect(result.status == .ok)
            #expect(try await h.call(.get, asked.path + "/result").json == result.json)
            let connection = try #require(try await h.providers.connections().first)
            #expect(
                result.json == [
                    "id": .string(asked.id), "kind": "connect", "provider": "hub", "scope": "repo",
                    "connection": .string(connection.id.string),
                ])
            for _ in 1...2 { #expect(try await h.call(.delete, asked.path + "/result").status == .noContent) }
            #expect(try await h.call(.get, asked.path + "/result").status == .gone)
            let made = try #require(try await h.records(.connectionMade).first)
            #expect(made.initiator == .human && made.correlation == connection.id.string)
        }
    }

    @Test
    func `only the user can return, in the same login, and another user spends nothing`()
        async throws
    {
        try await play { h, provider, asked in
            _ = try await h.addUser("bob")
            let ada = h.browser()
            let state = try await h.providers.depart(ada, asked)
            let (elsewhere, bob) = (h.browser(), h.browser())
            _ = try await h.open(elsewhere, asked)
            _ = try await h.open(bob, asked, as: "bob")
            // Ada's login, carried over to a browser with another mark.
            let moved = h.browser()
            moved.cookies = ["gatehouse": ada.cookies["gatehouse"] ?? ""]
            for browser in [elsewhere, bob, moved, h.browser()] {
                let refused = try await h.providers.comeBack(browser, state: state)
                #expect(refused.status == .forbidden)
                #expect(!refused.text.contains("Team Files") && !refused.text.contains("hub"))
            }
            #expect(provider.tokenRequests.isEmpty)
            #expect(try await h.stored(asked)?.status == .opened)
            #expect(try await h.providers.comeBack(ada, state: state).status == .ok)
            #expect(try await h.providers.connections().map(\.userID) == [h.user.id])
        }
    }

    @Test func `a foreign callback leaves one record an account, and an unknown one leaves none`() async throws {
        try await play { h, _, asked in
            let bob = try await h.addUser("bob")
            let state = try await h.providers.depart(h.browser(), asked)
            let browser = h.browser()
            _ = try await h.open(browser, await h.askAnew(try await h.tokens().access, "other"), as: "bob")
            await eventually { try await h.records(.elicitationMisdirected).count == 1 }
            for _ in 1...3 { #expect(try await h.providers.comeBack(browser, state: state).status == .forbidden) }
            #expect(try await h.providers.comeBack(h.browser(), state: state).status == .forbidden)
            #expect(try await h.providers.comeBack(browser, state: "unknown").status == .forbidden)
            await eventually { try await h.records(.elicitationMisdirected).count == 2 }
            let record = try #require(try await h.records(.elicitationMisdirected).first)
            #expect(record.user == bob.id && record.correlation == asked.id && record.outcome == .refused)
            #expect(record.reason?.contains("hub") == true)
        }
    }

    @Test func `a code that comes to another provider's callback goes nowhere`() async throws {
        let other = try await LoopbackProvider.start()
        try await play { h, provider, asked in
            try await h.providers.add(other, as: "pub")
            let browser = h.browser()
            let state = try await h.providers.depart(browser, asked)
            for name in ["pub", "nobody", "Hub"] {
                #expect(try await h.providers.comeBack(browser, state: state, to: name).status == .forbidden)
            }
            #expect(other.tokenRequests.isEmpty && provider.tokenRequests.isEmpty)
            #expect(try await h.providers.comeBack(browser, state: state).status == .ok)
        }
        try await other.stop()
    }

    @Test func `a state counts once and for ten minutes, and an unknown one never`() async throws {
        try await play { h, provider, asked in
            let browser = h.browser()
            let state = try await h.providers.depart(browser, asked)
            for unknown in ["x", String(state.dropLast()) + (state.hasSuffix("A") ? "E" : "A"), ""] {
                #expect(
                    try await h.providers.comeBack(browser, state: unknown, ["state": unknown]).status == .forbidden)
            }
            h.clock.advance(by: 600)
            let late = try await h.providers.comeBack(browser, state: state)
            #expect(late.status == .badRequest && late.isPage("error"))
            #expect(provider.tokenRequests.isEmpty)
            #expect(try await h.stored(asked)?.status == .opened)
            let again = try await h.providers.depart(browser, asked)
            #expect(try await h.providers.comeBack(browser, state: again).status == .ok)
            let replayed = try await h.providers.comeBack(browser, state: again)
            #expect(replayed.status == .conflict && replayed.text.contains("Already connected"))
            #expect(provider.tokenRequests.count == 1)
        }
    }

    @Test func `of two callbacks at once one redeems, and there is one connection`() async throws {
        try await play { h, provider, asked in
            let browser = h.browser()
            let state = try await h.providers.depart(browser, asked)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 1...8 { group.addTask { try await h.providers.comeBack(browser, state: state).status.code } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 200 }.count == 1, "\(statuses)")
            #expect(provider.tokenRequests.count == 1)
            #expect(try await h.providers.connections().count == 1)
            #expect(try await h.records(.elicitationCompleted).count == 1)
        }
    }

    @Test(arguments: ["https://evil.example", "http://127.0.0.1:1/", "HTTPS://HUB.EXAMPLE"])
    func `an answer in another issuer's name redeems nothing and leaves the request open`(issuer: String)
        async throws
    {
        try await play(issuer: "https://hub.example") { h, provider, asked in
            let browser = h.browser()
            let mixed = try await h.providers.comeBack(
                browser, state: h.providers.depart(browser, asked), ["iss": issuer])
            #expect(mixed.status == .badRequest && mixed.isPage("error"))
            #expect(provider.tokenRequests.isEmpty)
            #expect(try await h.stored(asked)?.status == .opened)
            let right = try await h.providers.comeBack(
                browser, state: h.providers.depart(browser, asked), ["iss": "https://hub.example"])
            #expect(right.status == .ok)
        }
    }

    @Test(arguments: [
        (LoopbackProvider.Manner.answering("200 OK", body: "<html>"), "provider_answer_unusable"),
        (.answering("302 Found", body: "{}"), "provider_answer_unusable"),
        (.answering("500 Oops", body: "{}"), "provider_unavailable"), (.silent, "provider_unavailable"),
        (.answering("400 Bad", body: #"{"error":"invalid_grant"}"#), "provider_refused"),
        (.answering("200 OK", body: #"{"access_token":"a","token_type":"mac"}"#), "provider_answer_unusable"),
    ])
    func `a provider that answers malformed, refuses or times out fails the request`(
        manner: LoopbackProvider.Manner, reason: String
    ) async throws {
        try await play(operators: reason == "provider_unavailable" ? hasty : OperatorClient(deadline: .seconds(20))) {
            h, provider, asked in
            provider.behave(manner)
            let browser = h.browser()
            let end = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked))
            #expect(end.status == .ok && end.isPage("elicitation-end"))
            let stored = try #require(try await h.stored(asked))
            #expect(stored.status == .failed && stored.reason == reason)
            #expect(try await h.providers.connections().isEmpty)
            #expect(
                try await h.gatehouse.store.read { try $0.events.find(of: stored.id) }?.event.type == .elicitationFailed
            )
        }
    }

    @Test(
        arguments: [
            (["code": nil, "error": "access_denied"], ElicitationStatus.declined),
            (["code": nil, "error": "consent_required"], .declined),
            (["code": nil, "error": "login_required"], .declined),
            (["code": nil, "error": "server_error"], .failed), (["code": nil], .failed),
            (["error": "access_denied"], .failed),
        ] as [([String: String?], ElicitationStatus)])
    func `a denial at the provider declines the request, and any other error fails it`(
        changes: [String: String?], status: ElicitationStatus
    ) async throws {
        try await play { h, provider, asked in
            let browser = h.browser()
            let end = try await h.providers.comeBack(browser, state: h.providers.depart(browser, asked), changes)
            #expect(end.status == .ok)
            #expect(try await h.stored(asked)?.status == status)
            #expect(provider.tokenRequests.isEmpty)
        }
    }

    @Test func `a cancelled request is not redeemed, and signing out ends the return`() async throws {
        try await play { h, provider, asked in
            let browser = h.browser()
            let state = try await h.providers.depart(browser, asked)
            #expect(try await h.call(.delete, asked.path).status == .ok)
            let gone = try await h.providers.comeBack(browser, state: state)
            #expect(gone.status == .gone)
            #expect(provider.tokenRequests.isEmpty)
            #expect(try await h.stored(asked)?.status == .cancelled)
        }
    }

    @Test func `a connection needs a permission, at the request and at the approval`()
        async throws
    {
        try await play { h, _, asked in
            let token = try await h.tokens().access
            #expect(try await h.providers.ask(token, scope: "repo admin").error == "access_denied")
            #expect(try await h.providers.ask(token, provider: "nobody").status == .forbidden)
            #expect(try await h.providers.ask(token, provider: "NOT A NAME").error == "access_denied")
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            try await h.gatehouse.store.write { [id = h.resource.id] in
                _ = try $0.providers.removeRule(provider: ProviderName("hub"), resource: id)
            }
            let answer = try await h.press(browser, asked, "approve", at: page)
            #expect(answer.continuation == nil)
            let stored = try #require(try await h.stored(asked))
            #expect(stored.status == .failed && stored.reason == "not_allowed")
        }
    }
}
