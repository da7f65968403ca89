import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Log lines for clients that a rule blocks")
struct KeptOutLogTests {
    private static let client = "https://app.bad.example/client.json"

    /// The causes of the refusals that were logged.
    private static func lines(_ log: CapturedLog) -> [String] { log.lines.filter { $0.hasPrefix("info refused ") } }

    @Test func `the log names the rule that blocks a client, and the page does not`()
        async throws
    {
        for rule in [
            ClientRule.Target.host("*.bad.example"), .host("app.bad.example"), .client(try ClientID(Self.client)),
        ] {
            let log = CapturedLog()
            try await Harness.run(log: log.logger) { h in
                let now = h.clock.now
                try await h.gatehouse.store.write { try $0.clientRules.set(ClientRule(rule, .block, createdAt: now)) }
                let page = try await h.authorize(h.browser(), h.request(["client_id": Self.client]))
                #expect(page.status == .badRequest && !page.text.contains("'\(rule.name)'"))
                let line = try #require(Self.lines(log).first)
                // The log writes no whole URI; the host tells the client's rule.
                let name = rule.name.hasPrefix("https:") ? "https://app.bad.example/…" : rule.name
                #expect(line.contains("is kept out by the rule '\(name)' of 'clients block'"), "\(line)")
            }
        }
    }

    @Test func `the log names the entry of the configuration that blocks a client`() throws {
        let blocked = try FetchPolicy(block: ["evil.example", "*.bad.example"])
        let fetcher = DocumentFetcher(policy: blocked)
        #expect(fetcher.exclusion(of: Self.client) == "the entry '*.bad.example' of clients.metadata_documents.block")
        let listed = DocumentFetcher(policy: try FetchPolicy(allow: ["good.example"]))
        #expect(
            listed.exclusion(of: Self.client)
                == "clients.metadata_documents.allow, which has no entry for app.bad.example")
        #expect(fetcher.exclusion(of: "https://app.good.example:8443/c.json").hasPrefix("its URL: its port is not 443"))
    }

    @Test
    func `an unknown name at a route of MCP servers is logged as an MCP server, at the token endpoint as a client`()
        async throws
    {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { h in
            _ = try await h.send("/introspect", [("token", "x")], basic: ("nobody", "x"))
            #expect(Self.lines(log).count == 1)
            let line = try #require(Self.lines(log).first)
            #expect(line.contains("resource=nobody") && !line.contains("client="), "\(line)")
            _ = try await h.send(
                "/token", [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "nobody")])
            #expect(Self.lines(log).last?.contains("client=nobody") == true)
        }
    }
}
