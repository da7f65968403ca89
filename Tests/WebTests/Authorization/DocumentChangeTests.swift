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

@Suite("Client ID Metadata Document §8 A document that changes, fails or is not wanted")
struct DocumentChangeTests {
    private static let notice = "id=\"changed\""

    @Test(arguments: [
        ("client_name", #"{"client_name":"Another Notebook"}"#, true, true),
        (
            "redirect_uris", #"{"redirect_uris":["http://127.0.0.1/callback","https://evil.example/callback"]}"#, true,
            true
        ),
        ("grant_types", #"{"grant_types":["authorization_code"]}"#, true, false),
        ("scope", #"{"scope":"files:read"}"#, true, true),
        ("logo_uri", #"{"logo_uri":"https://client.example/logo.png"}"#, true, true),
        ("jwks_uri", #"{"jwks_uri":"https://client.example/jwks"}"#, true, true),
        ("jwks", #"{"jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b"}]}}"#, true, true),
        ("client_uri", #"{"client_uri":"https://client.example/"}"#, false, true),
        ("unknown", #"{"x_release":"2"}"#, false, true),
    ])
    func `each member that is swapped after the approval has its meaning`(
        member: String, change: String, isTold: Bool, goesOn: Bool
    ) async throws {
        let change = try JSONObject(parsing: Array(change.utf8))
        try await DocumentScene.play { scene in
            let browser = scene.h.browser()
            let tokens = try await scene.tokens(browser)
            #expect(try await !scene.consentPage(browser).text.contains(Self.notice))
            scene.host.publish(change)
            scene.age()
            let refreshed = try await scene.refresh(tokens.refresh)
            #expect(refreshed.status == (goesOn ? .ok : .badRequest))
            if !goesOn { #expect(refreshed.error == "unauthorized_client") }
            #expect(try await scene.h.introspect(tokens.access)["active"]?.bool == true, "no session ends by a change")
            let page = try await scene.consentPage(browser)
            #expect(page.status == .ok)
            #expect(page.text.contains(Self.notice) == isTold)
            _ = try await scene.h.decide(browser, at: page)
            #expect(try await !scene.consentPage(browser).text.contains(Self.notice), "said once")
            scene.host.publish()
            scene.age()
            let token = goesOn ? refreshed.tokens.refresh : tokens.refresh
            #expect(try await scene.refresh(token).status == .ok, "no refusal has spent the token")
        }
    }

    @Test func `a document that no longer allows a method of this server stops refreshing until it does again`()
        async throws
    {
        try await DocumentScene.play { scene in
            let tokens = try await scene.tokens()
            scene.host.publish(["token_endpoint_auth_method": "tls_client_auth"])
            scene.age()
            #expect(try await scene.refresh(tokens.refresh).error == "unauthorized_client")
            scene.host.answer(LoopbackServer.http("500 Internal Server Error", body: ""))
            let down = try await scene.refresh(tokens.refresh)
            #expect(down.status == .serviceUnavailable, "the last good document does not outlive the host's word")
            #expect(down.headers[.retryAfter] != nil)
            scene.host.publish()
            #expect(try await scene.refresh(tokens.refresh).status == .ok)
        }
    }

    @Test func `the last good document carries refresh for a bounded time, and no new approval`() async throws {
        try await DocumentScene.play { scene in
            let browser = scene.h.browser()
            let grant = try await scene.h.code(
                browser, ["client_id": scene.host.id(), "redirect_uri": DocumentScene.redirect], lifetime: "30d")
            var tokens = try await scene.redeem(grant).tokens
            scene.host.answer(LoopbackServer.http("500 Internal Server Error", body: ""))
            scene.age()
            tokens = try await scene.refresh(tokens.refresh).tokens
            #expect(tokens.refresh != nil)
            #expect(try await scene.consentPage(browser).status == .serviceUnavailable)
            scene.host.publish(["client_id": "https://other.example/client.json"])
            tokens = try await scene.refresh(tokens.refresh).tokens
            #expect(tokens.refresh != nil, "neither does a document that is not one")
            scene.age(by: 7 * 86_400)
            let late = try await scene.refresh(tokens.refresh)
            #expect(late.status == .badRequest && late.error == "unauthorized_client", "it says what is wrong with it")
            scene.host.answer(LoopbackServer.http("500 Internal Server Error", body: ""))
            let down = try await scene.refresh(tokens.refresh)
            #expect(down.status == .serviceUnavailable && down.error == "temporarily_unavailable")
            #expect(down.headers[.retryAfter] != nil)
            scene.host.publish()
            #expect(try await scene.refresh(tokens.refresh).status == .ok, "the token was not spent meanwhile")
        }
    }

    @Test func `while a host is dead one refresh in half a minute asks it, and every new authorization does`()
        async throws
    {
        try await DocumentScene.play { scene in
            let browser = scene.h.browser()
            var token = try await scene.tokens(browser).refresh
            let (good, other) = (scene.host.fetches, "/other.json")
            scene.host.answer(LoopbackServer.http("500 Internal Server Error", body: ""))
            scene.age()
            for _ in 0..<5 {
                token = try await scene.refresh(token).tokens.refresh
                #expect(token != nil)
                scene.h.clock.advance(by: 5)
            }
            #expect(scene.host.fetches == good + 1)
            for asked in 1...2 {
                #expect(try await scene.consentPage(browser).status == .serviceUnavailable)
                #expect(scene.host.fetches == good + 1 + asked, "no failure answers a new authorization")
            }
            scene.host.publish(at: other)
            #expect(try await scene.tokens(path: other).refresh != nil)
            scene.h.clock.advance(by: 5)
            scene.host.publish()
            token = try await scene.refresh(token).tokens.refresh
            #expect(scene.host.fetches == good + 5, "it is asked again, and lives")
            scene.host.answer(LoopbackServer.http("500 Internal Server Error", body: ""))
            #expect(try await scene.refresh(token).status == .ok)
            #expect(scene.host.fetches == good + 5)
        }
    }

    @Test func `a code is redeemed and a token given up with no document to be had`() async throws {
        try await DocumentScene.play { scene in
            let grant = try await scene.code()
            let fetches = scene.host.fetches
            let forget = try ClientID(scene.host.id())
            #expect(try await scene.h.gatehouse.store.write { try $0.documents.forget(forget) })
            scene.host.answer(LoopbackServer.http("500 Internal Server Error", body: ""))
            let tokens = try await scene.redeem(grant).tokens
            #expect(tokens.refresh != nil)
            let form = [("token", tokens.refresh ?? ""), ("client_id", scene.host.id())]
            #expect(try await scene.h.send("/revoke", form).status == .ok)
            #expect(try await scene.h.introspect(tokens.access)["active"]?.bool == false)
            #expect(scene.host.fetches == fetches)
        }
    }

    @Test func `a client whose kept document has no refresh grant gets one longer access token, whatever it says now`()
        async throws
    {
        try await DocumentScene.play { scene in
            scene.host.publish(["grant_types": ["authorization_code"]])
            let grant = try await scene.code()
            scene.host.publish()
            let answer = try await scene.redeem(grant)
            #expect(answer.tokens.refresh == nil)
            #expect(answer.json["expires_in"]?.integer == 3600)
        }
    }

    @Test(arguments: [true, false])
    func `a block acts at once on a client that is known and kept`(ofHost: Bool) async throws {
        try await DocumentScene.play { scene in
            let browser = scene.h.browser()
            let tokens = try await scene.tokens(browser)
            let page = try await scene.consentPage(browser)
            let grant = try await scene.code()
            let fetches = scene.host.fetches
            try await scene.set(ofHost ? .host(DocumentHost.name) : .client(ClientID(scene.host.id())), .block)
            try await scene.set(ofHost ? .client(ClientID(scene.host.id())) : .host(DocumentHost.name), .allow)
            let refused = try await scene.h.authorize(browser, scene.request())
            #expect(refused.status == .badRequest)
            #expect(refused.headers[.location] == nil)
            #expect(try await scene.refresh(tokens.refresh).error == "invalid_client")
            #expect(try await scene.redeem(grant).error == "invalid_client")
            #expect(try await scene.h.introspect(tokens.access)["active"]?.bool == false)
            let late = try await scene.h.decide(browser, at: page)
            #expect(late.continuation == nil, "a page that was open already leads nowhere")
            #expect(scene.host.fetches == fetches)
        }
    }

    @Test func `the configuration's lists apply to stored documents, and a rule overrides them`() async throws {
        try await DocumentScene.play(allow: [], block: [DocumentHost.name]) { scene in
            let browser = try await scene.signedIn()
            #expect(try await scene.h.authorize(browser, scene.request()).status == .badRequest)
            #expect(scene.host.fetches == 0)
            try await scene.set(.host(DocumentHost.name), .allow)
            let tokens = try await scene.tokens(browser)
            #expect(try await scene.h.introspect(tokens.access)["active"]?.bool == true)
            let removed = try await scene.h.gatehouse.store.write {
                try $0.clientRules.remove(about: .host(DocumentHost.name))
            }
            #expect(removed)
            #expect(try await scene.h.authorize(browser, scene.request()).status == .badRequest)
            #expect(try await scene.refresh(tokens.refresh).error == "invalid_client")
            #expect(try await scene.h.introspect(tokens.access)["active"]?.bool == false)
        }
    }
}
