import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 8252 §7.1 an answer to an app's own scheme")
struct OwnSchemeFlowTests {
    private static let cursor = "cursor://anysphere.cursor-mcp/oauth/callback"

    static let taken: [(redirect: String, named: [String])] = [
        (cursor, []), ("claude://claude.ai/mcp-auth-callback/sdk", []), ("com.example.app:/callback", []),
        ("acme:/callback", ["acme"]), (cursor, ["cursor"]),
    ]

    @Test(arguments: taken.indices)
    func `clients add accepts a scheme with a dot, one of a known app, and one on the list`(number: Int) async throws {
        let (redirect, named) = Self.taken[number]
        try await Harness.run { h in
            let id = try await h.add([redirect], named)
            let kept = try await h.gatehouse.store.read { try $0.clients.find(ClientID(id)) }
            #expect(kept?.redirectURIs.map(\.string) == [redirect])
        }
    }

    static let refused: [(redirects: [String], named: [String], word: String)] = [
        (["acme:/callback"], [], "--own-scheme acme"), (["acme:/callback"], ["other"], "--own-scheme acme"),
        (["javascript:alert(1)"], ["javascript"], "No answer is ever sent"),
        (["https://app.example/cb"], ["intent"], "No answer is ever sent"),
        (["ms-word:ofe"], [], "No answer is ever sent"), (["mailto:a"], [], "IANA registers it"),
        (["acme:/callback"], ["mailto"], "IANA registers it"),
        (["https://app.example/cb"], ["acme"], "Omit --own-scheme"),
        (["acme:/callback"], ["acme://"], "without its colon"), ([cursor, "acme:/callback"], [], "--own-scheme acme"),
    ]

    @Test(arguments: refused.indices)
    func `clients add refuses any other, says why, and leaves neither row nor record`(number: Int) async throws {
        let (redirects, named, word) = Self.refused[number]
        try await Harness.run { h in
            let before = try await h.footprint()
            let error = await #expect(throws: AdministrationError.self) { try await h.add(redirects, named) }
            #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
            #expect(try await h.footprint() == before)
        }
    }

    @Test(arguments: ["approve", "deny"])
    func `the page warns of other apps, and only a click on the link leads back`(decision: String) async throws {
        try await Harness.run { h in
            let id = try await h.add([Self.cursor])
            let (browser, verifier) = (h.browser(), CodeVerifier.random())
            let changes = ["client_id": id, "redirect_uri": Self.cursor]
            let page = try await h.consentPage(browser, h.request(changes, verifier: verifier))
            #expect(page.element("own-scheme") != nil)
            #expect(page.text.contains("<bdi>cursor:</bdi>") && !page.text.contains("anysphere"))
            #expect(page.element("loopback") == nil)
            let answer = try await h.decide(browser, at: page, decision)
            #expect(answer.status == .ok && answer.headers[.location] == nil)
            #expect(!answer.text.contains("http-equiv"))
            let location = try #require(answer.continuation)
            #expect(location.hasPrefix(Self.cursor + (decision == "approve" ? "?code=" : "?error=access_denied")))
            let again = try await browser.get("/consent?interaction=\(page.input("token")?.prefix { $0 != "." } ?? "")")
            #expect(again.continuation == location && !again.text.contains("http-equiv"))
            guard decision == "approve" else { return }
            let code = FormText.decode(queryOf: location)["code"]?.first ?? ""
            let grant = Redeemable(code: code, verifier: verifier.reveal())
            #expect(try await h.redeem(grant, changes).tokens.scope == "files:read")
        }
    }

    @Test func `an error is never sent to an app's own scheme by a redirect`() async throws {
        try await Harness.run { h in
            let id = try await h.add([Self.cursor])
            let browser = h.browser()
            let changes = ["client_id": id, "redirect_uri": Self.cursor]
            _ = try await h.code(browser, changes)
            for wrong in [
                ["response_mode": "fragment"], ["prompt": "none"], ["resource": "https://unknown.example/mcp"],
            ] {
                let answer = try await h.authorize(browser, h.request(changes.merging(wrong) { $1 }))
                #expect(answer.headers[.location] == nil && !answer.text.contains("http-equiv"), "\(wrong)")
                #expect(answer.continuation?.hasPrefix(Self.cursor + "?error=") == true, "\(wrong)")
            }
        }
    }

    @Test func `a document cannot claim a private-use scheme, and the doctor's advice works`() async throws {
        try await DocumentScene.play { scene in
            let plain = "http://127.0.0.1/callback"
            let (own, odd) = ("jotter:/it's/cb", "javascript:alert(1)")
            scene.host.publish(["redirect_uris": [.string(plain), .string(Self.cursor), .string(own), .string(odd)]])
            let browser = try await scene.signedIn()
            #expect(try await scene.consentPage(browser, ["redirect_uri": Self.cursor]).status == .badRequest)
            let findings = try await scene.h.trial(scene.host).run(.doctor(.client(scene.host.id())), by: .current).rows
            let details = findings.compactMap { $0["detail"]?.string }
            #expect(details.contains { $0.contains("Ignored") && $0.hasSuffix(": \(odd).") })
            let advice = try #require(details.first { $0.contains("gatehouse clients add") })
            let command = try #require(
                advice.ranges(of: "gatehouse clients add ").first.map { advice[$0.upperBound...] })
            #expect(
                command == "--id \(scene.host.id()) --name NAME --redirect-uri \(plain) --redirect-uri \(Self.cursor)"
                    + " --redirect-uri 'jotter:/it'\\''s/cb' --own-scheme jotter")
            _ = try await scene.h.add([plain, Self.cursor, own], ["jotter"], id: scene.host.id())
            for redirect in [plain, Self.cursor, own] {
                let grant = try await scene.code(browser, redirect: redirect)
                #expect(grant.location.hasPrefix(redirect + "?code="))
            }
        }
    }
}

extension Harness {
    /// Registers a client as the command line does.
    fileprivate func add(_ redirects: [String], _ named: [String] = [], id: String? = nil) async throws -> String {
        let draft = ClientDraft(
            id: id, name: "Editor", redirectURIs: redirects, authMethod: "none", resources: [], ownSchemes: named)
        let administration = Administration(store: gatehouse.store, keys: nil, clock: clock.wall)
        return try await administration.run(.clients(.add(draft)), by: .current).rows.first?["client_id"]?.string ?? ""
    }

    fileprivate func trial(_ host: DocumentHost) throws -> Administration {
        let trial = ClientProbe(
            store: gatehouse.store, fetcher: try host.fetcher(gatehouse.store), settings: gatehouse.settings,
            log: CapturedLog().logger)
        return Administration(
            store: gatehouse.store, keys: nil, diagnostics: Diagnostics(trial: trial), clock: clock.wall)
    }

    /// What an administrator's act leaves behind.
    fileprivate func footprint() async throws -> [Int] {
        try await gatehouse.store.read { [try $0.clients.list().count, try $0.audit.tail(limit: 100).count] }
    }
}
