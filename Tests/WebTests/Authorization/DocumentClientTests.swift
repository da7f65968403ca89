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

@Suite("Client ID Metadata Document §5 Unregistered clients")
struct DocumentClientTests {
    @Test func `no document is fetched before the sign-in and the cheap checks`()
        async throws
    {
        try await DocumentScene.play { scene in
            let page = try await scene.h.authorize(scene.h.browser(), scene.request())
            #expect(page.input("interaction") != nil)
            #expect(page.text.contains(DocumentHost.name), "the sign-in page shows the host as text")
            #expect(!page.text.contains("href=\"https://\(DocumentHost.name)"))
            let browser = try await scene.signedIn()
            let wrong: [[String: String?]] = [
                ["response_type": "token"], ["code_challenge": nil], ["code_challenge_method": "plain"],
                ["redirect_uri": "javascript:alert(1)"], ["redirect_uri": "com.example.app:/callback"],
                ["redirect_uri": "http://elsewhere.example/callback"], ["resource": "not a URL"], ["prompt": "none"],
            ]
            for changes in wrong {
                let answer = try await scene.h.authorize(browser, scene.request(changes))
                #expect(answer.status == .badRequest, "\(changes)")
                #expect(answer.headers[.location] == nil, "\(changes)")
            }
            #expect(scene.host.fetches == 0)
        }
    }

    @Test func `the endpoints for programs fetch nothing for a client that no user has approved`() async throws {
        try await DocumentScene.play { scene in
            let code = Redeemable(code: "gate_c_x", verifier: String(repeating: "v", count: 43))
            #expect(try await scene.redeem(code).status == .badRequest)
            #expect(try await scene.refresh("gate_r_x").error == "invalid_client")
            let revoked = try await scene.h.send("/revoke", [("token", "x"), ("client_id", scene.host.id())])
            #expect(revoked.status == .ok)
            #expect(scene.host.fetches == 0)
        }
    }

    @Test
    func `forbidden forms of a client_id are refused before any fetch, another spelling is another client`()
        async throws
    {
        try await DocumentScene.play { scene in
            let browser = try await scene.signedIn()
            let id = scene.host.id()
            let forbidden = [
                id + "#x", id.replacing("https://", with: "https://user@"), id.replacing("https:", with: "http:"),
                id.replacing("/client.json", with: ""), id.replacing("/client.json", with: "/a/../client.json"),
                id.replacing(DocumentHost.name, with: "CLIENT.example"), "https://127.0.0.1/client.json",
                "https://client.example/client.json",
            ]
            for other in forbidden {
                let answer = try await scene.h.authorize(browser, scene.request(["client_id": other]))
                #expect(answer.status == .badRequest || answer.status == .serviceUnavailable, "\(other)")
                #expect(answer.headers[.location] == nil, "\(other)")
            }
            #expect(scene.host.fetches == 0)
            _ = try await scene.consentPage(browser)
            scene.host.answer(LoopbackServer.http("404 Not Found", body: "{}"), at: DocumentHost.path + "?x=1")
            let variant = try await scene.consentPage(browser, path: DocumentHost.path + "?x=1")
            #expect(variant.status == .badRequest, "what one spelling is good for, another one is not")
        }
    }

    @Test func `a thousand requests cause a handful of fetches`() async throws {
        try await DocumentScene.play(budget: FetchBudget()) { scene in
            let browser = try await scene.signedIn()
            scene.host.answer(LoopbackServer.http("404 Not Found", body: "{}"), at: "*")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<1000 {
                    group.addTask {
                        let answer = try await scene.h.authorize(
                            browser, scene.request(path: "/\(number % 2 == 0 ? "a" : "b").json?n=\(number)"))
                        #expect(answer.status == .serviceUnavailable || answer.status == .badRequest)
                    }
                }
                try await group.waitForAll()
            }
            #expect((1...5).contains(scene.host.fetches))
        }
    }

    @Test func `requests of one client share one fetch`() async throws {
        try await DocumentScene.play(budget: FetchBudget()) { scene in
            let browser = try await scene.signedIn()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let answer = try await scene.h.authorize(browser, scene.request(["state": "\(number)"]))
                        #expect(answer.status == .seeOther)
                    }
                }
                try await group.waitForAll()
            }
            // A request that looked into the cache just before the document arrived may come too late to share.
            #expect((1...5).contains(scene.host.fetches))
        }
    }

    @Test func `an invalid document leads to an error page, never to a redirect, and is not stored`()
        async throws
    {
        try await DocumentScene.play { scene in
            let browser = try await scene.signedIn()
            let wrong: [JSONObject] = [
                ["client_id": "https://other.example/client.json"], ["client_name": nil], ["redirect_uris": nil],
                ["redirect_uris": ["javascript:alert(1)"]], ["client_secret": "x"],
                ["token_endpoint_auth_method": "client_secret_basic"],
                ["token_endpoint_auth_method": "tls_client_auth"], ["token_endpoint_auth_method": "private_key_jwt"],
                ["jwks": ["keys": [["kty": "EC", "crv": "P-256", "d": "x"]]]],
            ]
            for changes in wrong {
                scene.host.publish(changes)
                let page = try await scene.consentPage(browser)
                #expect(page.status == .badRequest, "\(changes)")
                #expect(page.headers[.location] == nil)
                #expect(page.continuation == nil)
            }
            let kept = try await scene.h.gatehouse.store.read { try $0.documents.list() }
            #expect(kept.isEmpty)
            #expect(scene.host.fetches == wrong.count)
        }
    }

    @Test func `before a user's first approval an error is a page with a link, and after it a redirect`()
        async throws
    {
        try await DocumentScene.play { scene in
            let browser = try await scene.signedIn()
            _ = try await scene.consentPage(browser)
            for changes in [["scope": "a\"b"], ["resource": "https://unknown.example/mcp"], ["prompt": "none"]] {
                let page = try await scene.h.authorize(browser, scene.request(changes))
                #expect(page.status == .badRequest, "\(changes)")
                #expect(page.headers[.location] == nil)
                #expect(!page.text.contains("http-equiv"), "nothing moves the browser by itself")
                #expect(page.continuation?.hasPrefix(DocumentScene.redirect + "?error=") == true)
                #expect(FormText.decode(queryOf: page.continuation ?? "")["iss"] == ["http://localhost"])
            }
            _ = try await scene.tokens(browser)
            let answer = try await scene.h.authorize(browser, scene.request(["scope": "a\"b"]))
            #expect(answer.status == .seeOther)
            #expect(answer.headers[.location]?.hasPrefix(DocumentScene.redirect + "?error=invalid_scope") == true)
            let stranger = try await scene.h.authorize(scene.h.browser(), scene.request(["prompt": "none"]))
            #expect(stranger.headers[.location] == nil, "who asks without a person steers nobody")
        }
    }

    @Test
    func `the page shows both hosts, no trust, and warns where only this computer answers`()
        async throws
    {
        try await DocumentScene.play { scene in
            let browser = try await scene.signedIn()
            let local = try await scene.consentPage(browser).text
            #expect(local.contains("Travelling Notebook"))
            let host = try #require(try ClientID(scene.host.id()).shownHost)
            #expect(host.hasPrefix(DocumentHost.name + ":") && local.contains("<bdi>\(host)</bdi>"))
            #expect(local.contains("<bdi>127.0.0.1</bdi>"))
            #expect(local.contains("Not verified"))
            #expect(local.contains("id=\"loopback\""))
            let site = "https://app.client.example/callback"
            scene.host.publish(["redirect_uris": [.string(site), "http://127.0.0.1/callback"]], at: "/web.json")
            let web = try await scene.consentPage(browser, ["redirect_uri": site], path: "/web.json").text
            #expect(web.contains("<bdi>app.client.example</bdi>"))
            #expect(web.contains("Not verified"))
            #expect(!web.contains("id=\"loopback\""))
        }
    }

    @Test(arguments: [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "{{token}}", "{{{token}}}",
        "</title><svg/onload=alert(1)>",
        "&lt;b&gt;", "' onmouseover='alert(1)", "\u{202E}gpj.exe", "<a href=\"https://evil.example\">Approve</a>",
    ])
    func `the name of a client is shown as text`(name: String) async throws {
        try await DocumentScene.play { scene in
            scene.host.publish(["client_name": .string(name), "client_uri": "https://evil.example/<script>"])
            let page = try await scene.consentPage(scene.h.browser())
            #expect(page.status == .ok)
            for mark in ["<script", "<img", "<svg/", "<a href=\"https://evil", "<b>", "' onmouseover='", "\u{202E}"] {
                #expect(!page.text.contains(mark), "\(mark)")
            }
            #expect(page.input("token")?.isEmpty == false)
            #expect(page.text.ranges(of: page.input("token") ?? "?").count == 2, "no template ran")
        }
    }

    @Test(arguments: [
        ("http://127.0.0.1:1/callback", true), ("http://127.0.0.1/callback", true),
        ("http://localhost:65535/callback", true),
        ("http://[::1]:4000/callback", false), ("http://127.0.0.1:4000/other", false),
        ("http://127.0.0.1:4000/callback/", false), ("http://127.0.0.1:4000/callback?x=1", false),
        ("https://127.0.0.1:4000/callback", false), ("http://127.0.0.2:4000/callback", false),
        ("http://localhost.evil.example:4000/callback", false), ("http://127.0.0.1:99999/callback", false),
    ])
    func `the port of a loopback redirect does not count, everything else does`(
        redirect: String, isGood: Bool
    ) async throws {
        try await DocumentScene.play { scene in
            let page = try await scene.consentPage(scene.h.browser(), ["redirect_uri": redirect])
            #expect((page.status == .ok) == isGood)
            if !isGood { #expect(page.status == .badRequest) }
        }
    }

    @Test func `an operator's registration of a URL overrides the document`() async throws {
        try await DocumentScene.play { scene in
            let id = scene.host.id()
            _ = try await scene.h.register(id, redirects: ["https://kept.example/callback"])
            let changes = ["client_id": id, "redirect_uri": "https://kept.example/callback"]
            let page = try await scene.h.consentPage(scene.h.browser(), scene.h.request(changes))
            #expect(page.element("unverified") == nil)
            let refused = try await scene.h.authorize(scene.h.browser(), scene.request(["scope": "unknown"]))
            #expect(refused.status == .badRequest, "the document's redirects do not count")
            let grant = try await scene.h.code(nil, changes)
            let tokens = try await scene.h.redeem(grant, changes).tokens
            #expect(try await scene.refresh(tokens.refresh).status == .ok)
            #expect(try await scene.h.introspect(tokens.access)["active"]?.bool == true)
            #expect(scene.host.fetches == 0)
        }
    }
}
