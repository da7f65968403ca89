import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Session policies of MCP servers")
struct SessionPolicyTests {
    /// The lengths of a policy, and those that the page offers; the preselected one has a star.
    private static let pages: [(change: SessionPolicyChange, offered: String)] = [
        (SessionPolicyChange(), "1h 12h* 30d"),
        (SessionPolicyChange(longest: "8h"), "1h 8h*"),
        (SessionPolicyChange(longest: "12h"), "1h 12h*"),
        (SessionPolicyChange(longest: "30m"), "30m*"),
        (SessionPolicyChange(longest: "365d"), "1h 12h* 30d 365d"),
        (SessionPolicyChange(choices: ["2h", "45m", "2h"]), "45m 2h*"),
        (SessionPolicyChange(choices: ["1d", "90d"]), "24h* 90d"),
        (SessionPolicyChange(longest: "8h", choices: ["45m", "12h"]), "45m*"),
        (SessionPolicyChange(longest: "8h", choices: ["9h", "12h"]), "8h*"),
        (SessionPolicyChange(longest: "8h", choices: ["4h", "8h"]), "4h 8h*"),
    ]

    @Test(arguments: pages)
    func `the page offers the lengths of the policy, or of the configuration without one`(
        change: SessionPolicyChange, offered: String
    ) async throws {
        try await Harness.run { h in
            try await h.policy(change)
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            #expect(page.offered.joined(separator: " ") == offered)
            let longest = try #require(page.offered.last?.filter { $0 != "*" })
            let approved = h.clock.now
            _ = try await h.decide(browser, at: page, lifetime: longest)
            #expect(try await h.sessions().map { $0.expiresAt - approved } == [Lifetime.seconds(longest)])
        }
    }

    @Test func `the policy of one MCP server does not affect another`() async throws {
        try await Harness.run { h in
            let other = try await h.addServer("https://other.example/mcp")
            try await h.policy(
                SessionPolicyChange(longest: "2h", idle: "1h", tokenLife: "1m"), of: other.resource.id)
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            #expect(page.offered == ["1h", "12h*", "30d"])
            #expect(try await h.redeem(h.code(browser)).json["expires_in"]?.integer == 600)
            #expect(try await h.sessions().map(\.idleSeconds) == [14 * 86_400])
        }
    }

    @Test func `the policy at the decision applies, not the one when the page was shown`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request(["scope": "files:read files:write"]))
            try await h.policy(SessionPolicyChange(longest: "2h"))
            #expect(page.ticked == ["files:read", "files:write"])
            for length in ["12h", "30d", "3h", "x"] {
                let again = try await h.decide(browser, at: page, scopes: ["files:read"], lifetime: length)
                #expect(again.status == .badRequest && again.continuation == nil)
                #expect(again.element("problem") != nil)
                #expect(again.offered == ["1h", "2h*"])
                #expect(again.ticked == ["files:read"], "what was unticked stays so")
            }
            #expect(try await h.sessions().isEmpty)
            #expect(try await h.records(.sessionApproved).isEmpty)
            let approved = h.clock.now
            #expect(try await h.decide(browser, at: page, lifetime: "2h").continuation?.contains("code=") == true)
            #expect(try await h.sessions().map { $0.expiresAt - approved } == [7_200])
        }
    }

    @Test func `a session keeps its end and its idle limit when the policy is tightened`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens(lifetime: "30d")
            let before = try await h.sessions()
            let answer = try await h.policy(SessionPolicyChange(longest: "1h", idle: "5m", choices: ["30m"]))
            #expect(answer.note?.contains("gatehouse sessions revoke --resource \(h.resource.id)") == true)
            #expect(try await h.sessions() == before)
            h.clock.advance(by: 86_400)
            #expect(try await h.refresh(tokens.refresh).status == .ok)
            _ = try await h.tokens(lifetime: "30m")
            let new = try #require(try await h.sessions().last)
            #expect(new.idleSeconds == 300 && new.expiresAt - new.createdAt == 1_800)
        }
    }

    @Test func `a session with a short idle timeout expires after it`()
        async throws
    {
        try await Harness.run { h in
            try await h.policy(SessionPolicyChange(idle: "20m"))
            var tokens = try await h.tokens()
            h.clock.advance(by: 1_199)
            tokens = try await h.refresh(tokens.refresh).tokens
            h.clock.advance(by: 1_200)
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await h.introspect(tokens.access)["active"] == false)
        }
    }

    @Test func `tokens live as the policy says from the next one on, and never past the session's end`()
        async throws
    {
        try await Harness.run { h in
            let tokens = try await h.tokens(lifetime: "1h")
            let issued = h.clock.now
            try await h.policy(SessionPolicyChange(tokenLife: "5m"))
            #expect(try await h.introspect(tokens.access)["exp"]?.integer == issued.seconds + 600)
            h.clock.advance(by: 60)
            let next = try await h.refresh(tokens.refresh)
            #expect(next.json["expires_in"]?.integer == 300)
            #expect(try await h.introspect(next.tokens.access)["exp"]?.integer == h.clock.now.seconds + 300)
            try await h.policy(SessionPolicyChange(tokenLife: "60m"))
            let last = try await h.refresh(next.tokens.refresh)
            // The session has 59 minutes left; nothing outlives it, and no refresh token is left to use.
            #expect(last.json["expires_in"]?.integer == 3_540 && last.tokens.refresh == nil)
            try await h.policy(SessionPolicyChange(tokenLife: "default"))
            #expect(try await h.redeem(h.code()).json["expires_in"]?.integer == 600)
        }
    }

    @Test(arguments: [(idle: "5m", life: 150), (idle: "20m", life: 600), (idle: "1m", life: 30)])
    func `no token outlives the idle timeout of its session`(
        idle: String, life: Int64
    ) async throws {
        try await Harness.run { h in
            try await h.policy(SessionPolicyChange(idle: idle))
            var answer = try await h.redeem(h.code())
            for _ in 0..<4 {
                #expect(answer.json["expires_in"]?.integer == life)
                h.clock.advance(by: life)
                answer = try await h.refresh(answer.tokens.refresh)
                #expect(answer.status == .ok)
            }
        }
    }

    @Test func `a token life in the policy binds a client that cannot refresh as well`() async throws {
        try await DocumentScene.play { scene in
            scene.host.publish(["grant_types": ["authorization_code"]])
            let usual = try await scene.redeem(scene.code())
            #expect(usual.json["expires_in"]?.integer == 3_600 && usual.tokens.refresh == nil)
            try await scene.h.policy(SessionPolicyChange(tokenLife: "2m"))
            let short = try await scene.redeem(scene.code())
            #expect(short.json["expires_in"]?.integer == 120 && short.tokens.refresh == nil)
        }
    }
}

extension TestResponse {
    /// The lengths that a consent page offers, in order; the ticked one has a star.
    fileprivate var offered: [String] {
        text.matches(of: #/name="lifetime" value="([^"]*)"( checked)?/#).map { $0.1 + ($0.2 == nil ? "" : "*") }
    }

    /// The scopes that a consent page has ticked.
    fileprivate var ticked: [String] {
        text.matches(of: #/name="scope" value="([^"]*)" checked/#).map { String($0.1) }
    }
}
