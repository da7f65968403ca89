import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Identities")
struct IdentityTests {
    @Test func `a client with a secret cannot refresh without it, or with another's`() async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            let other = ClientSecret.random()
            _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            _ = try await h.register("other", redirects: [Harness.redirect], secret: other)
            let code = try await h.code(nil, ["client_id": "vault"])
            let tokens = try await h.redeem(code, ["client_id": "vault", "client_secret": secret.reveal()]).tokens
            for presented in [nil, "", other.reveal(), "null", secret.reveal().lowercased(), secret.reveal() + "A"] {
                let answer = try await h.refresh(tokens.refresh, ["client_id": "vault", "client_secret": presented])
                #expect(answer.error == "invalid_client")
                #expect(answer.status == .unauthorized)
            }
            let foreign = try await h.refresh(
                tokens.refresh, ["client_id": "other", "client_secret": other.reveal()])
            #expect(foreign.error == "invalid_grant")
            #expect(
                try await h.refresh(tokens.refresh, ["client_id": "vault", "client_secret": secret.reveal()]).status
                    == .ok)
        }
    }

    @Test func `a user with the name of a client has another subject than the client`() async throws {
        try await Harness.run { h in
            let user = try await h.addUser("quill")
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request())
            _ = try await h.signIn(browser, at: page, as: "quill")
            let asked = try await h.introspect(try await h.tokens(browser).access)
            #expect(asked["sub"]?.string == user.subject.string)
            #expect(asked["sub"]?.string?.hasPrefix("sub_") == true)
            #expect(asked["client_id"]?.string == "quill")
        }
    }

    @Test func `the id of a session, a user or an interaction proves nothing`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let session = try #require(try await h.sessions().first)
            let names = [
                session.id.string, h.user.id.string, h.user.subject.string, h.resource.id.string,
                session.id.string + ".x",
            ]
            for name in names {
                #expect(try await h.introspect(name)["active"] == false)
                #expect(try await h.refresh(name).error == "invalid_grant")
                #expect(try await h.send("/revoke", [("token", name), ("client_id", "quill")]).status == .ok)
                let browser = h.browser()
                browser.cookies = ["gatehouse": name.replacing("_", with: "")]
                #expect(try await h.authorize(browser, h.request()).input("interaction") != nil)
            }
            #expect(try await h.refresh(tokens.refresh).status == .ok)
        }
    }

    @Test func `a cached introspection answers only for the same token and MCP server`()
        async throws
    {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            let other = Resource(
                identifier: try ResourceIdentifier("https://files.example/mcp2"), name: "Other", owner: "Another team",
                scopes: h.resource.scopes, secretDigest: secret.digest, createdAt: h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.resources.insert(other) }
            let tokens = try await h.tokens()
            #expect(try await h.introspect(tokens.access)["active"] == true)
            let foreign = try await h.send(
                "/introspect", [("token", tokens.access)], basic: (other.id.string, secret.reveal()))
            #expect(foreign.text == #"{"active":false}"#)
            for altered in [
                tokens.access + "A", String(tokens.access.dropLast()), " " + tokens.access, tokens.access + "=",
            ] {
                #expect(try await h.introspect(altered)["active"] == false)
            }
            #expect(try await h.introspect(tokens.access)["active"] == true)
        }
    }

    @Test func `a name full of markup is text on the consent page`() async throws {
        let names = [
            "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' autofocus onfocus='alert(1)",
            "{{{token}}}",
            "{{#a}}", "\u{202E}ecilA", "\u{FEFF}Quill", "A\u{0300}\u{0301}\"\u{0301}>", "&lt;b&gt;",
        ]
        try await Harness.run { h in
            let browser = h.browser()
            for (index, name) in names.enumerated() {
                let client = RegisteredClient(
                    id: try ClientID("evil\(index)"), name: name, redirectURIs: [try RedirectURI(Harness.redirect)],
                    createdAt: h.clock.now)
                try await h.gatehouse.store.write { _ = try $0.clients.insert(client) }
                let page = try await h.consentPage(browser, h.request(["client_id": "evil\(index)"]))
                #expect(page.input("token") != nil)
                for mark in ["<script", "<img", "onfocus='", "\u{202E}", "\u{FEFF}", "<b>"] {
                    #expect(!page.text.contains(mark), "\(name)")
                }
            }
        }
    }
}
