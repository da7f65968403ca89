import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Changes of a registered client while sessions live")
struct ClientEditTests {
    private static let other = "https://app.example/other"

    @discardableResult
    private func edit(
        _ h: Harness, _ change: ClientChange, isDryRun: Bool = false
    ) async throws -> AdministrationAnswer {
        try await h.administer(.clients(.edit(h.registered.id.string, change, reason: "moved", isDryRun: isDryRun)))
    }

    @Test func `a removed redirect voids the codes that went there, and live sessions go on`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let code = try await h.code()
            let answer = try await edit(h, ClientChange(redirectURIs: [Harness.loopback, Self.other]))
            #expect(answer.rows.first?["sessions_ended"] == 1)
            #expect(try await h.redeem(code).error == "invalid_grant")
            #expect(try await h.refresh(tokens.refresh).status == .ok)
            let ended = try await h.sessions().filter { $0.state == .ended }
            #expect(ended.map(\.endReason) == [.redirectRemoved])
            #expect(try await h.records(.clientChanged).map(\.reason) == ["redirect URIs"])
            let refused = try await h.authorize(h.browser(), h.request())
            #expect(refused.status == .badRequest)
        }
    }

    @Test func `a code to a loopback port survives while the redirect without port is registered`() async throws {
        try await Harness.run { h in
            let redirect = "http://127.0.0.1:5050/callback"
            let code = try await h.code(nil, ["redirect_uri": redirect])
            try await edit(h, ClientChange(redirectURIs: [Harness.loopback]))
            #expect(try await h.redeem(code, ["redirect_uri": redirect]).status == .ok)
        }
    }

    @Test func `a page that was open for the removed redirect cannot approve`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            try await edit(h, ClientChange(redirectURIs: [Self.other]))
            let answer = try await h.decide(browser, at: page)
            #expect(answer.continuation == nil && answer.text.contains("start again"), "\(answer.text)")
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `sessions at an MCP server that is taken away end, and others go on`() async throws {
        try await Harness.run { h in
            let other = try await h.addServer("https://mail.example/mcp")
            let here = try await h.tokens()
            let code = try await h.code(
                nil, ["resource": other.resource.identifier.string, "scope": nil], scopes: [])
            let browser = h.browser()
            let page = try await h.consentPage(
                browser, h.request(["resource": other.resource.identifier.string, "scope": nil]))
            let only = ClientChange(resources: [h.resource.identifier.string])
            let preview = try await edit(h, only, isDryRun: true)
            #expect(preview.rows.first?["sessions_ended"] == 1)
            #expect(try await h.records(.clientChanged).isEmpty)
            #expect(try await edit(h, only).rows.first?["sessions_ended"] == 1)
            #expect(try await h.redeem(code).error == "invalid_grant")
            #expect(try await h.refresh(here.refresh).status == .ok)
            #expect(try await h.decide(browser, at: page, scopes: []).continuation == nil)
            #expect(try await h.sessions().filter { $0.state == .ended }.map(\.endReason) == [.resourceWithdrawn])
            try await edit(h, ClientChange(resources: []))
            #expect(
                try await h.consentPage(
                    browser, h.request(["resource": other.resource.identifier.string, "scope": nil])
                ).input("token") != nil)
        }
    }

    @Test func `a new name stands on the next consent page`() async throws {
        try await Harness.run { h in
            try await edit(h, ClientChange(name: "Quill Desk"))
            let page = try await h.consentPage(h.browser(), h.request())
            #expect(page.text.contains("Quill Desk") && !page.text.contains("Quill Notes"))
            #expect(try await edit(h, ClientChange(name: "Quill Desk")).note == "Nothing changes.")
            #expect(try await h.records(.clientChanged).count == 1)
        }
    }

    @Test(arguments: [
        ("quill", ClientChange(redirectURIs: []), "at least one redirect URI"),
        ("quill", ClientChange(redirectURIs: ["http://app.example/"]), "http"),
        ("quill", ClientChange(redirectURIs: ["strange-app://callback"]), "--own-scheme"),
        ("quill", ClientChange(resources: ["https://none.example/"]), "not found"),
        ("nobody", ClientChange(name: "X"), "not found"),
    ])
    func `an invalid change is refused with one sentence, and changes nothing`(
        id: String, change: ClientChange, sentence: String
    ) async throws {
        try await Harness.run { h in
            let error = await #expect(throws: AdministrationError.self) {
                try await h.administer(.clients(.edit(id, change)))
            }
            #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
            let client = try await h.gatehouse.store.read { try $0.clients.find(ClientID("quill")) }
            #expect(client == h.registered)
            #expect(try await h.records(.clientChanged).isEmpty)
        }
    }

    @Test func `a client with a metadata document is changed at its host`() async throws {
        try await DocumentScene.play { scene in
            _ = try await scene.tokens()
            let error = await #expect(throws: AdministrationError.self) {
                try await scene.h.administer(.clients(.edit(scene.host.id(), ClientChange(name: "X"))))
            }
            #expect(error?.description.contains("clients refresh") == true, "\(error?.description ?? "")")
        }
    }
}

@Suite("A replaced secret of a client works until its overlap ends")
struct ClientSecretOverlapTests {
    private func rotate(_ h: Harness, _ overlap: String?) async throws -> String {
        let answer = try await h.administer(.clients(.rotateSecret("desk", overlap: overlap)))
        return try #require(answer.rows.first?["client_secret"]?.string)
    }

    /// The answer to a refresh without a valid token: `invalid_client` says that the secret is refused.
    private func isAccepted(_ h: Harness, _ secret: String) async throws -> Bool {
        let form = [
            ("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "desk"), ("client_secret", secret),
        ]
        return try await h.send("/token", form).error == "invalid_grant"
    }

    private func play(_ test: @Sendable @escaping (Harness, String) async throws -> Void) async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            _ = try await h.register("desk", redirects: [Harness.redirect], secret: secret)
            try await test(h, secret.reveal())
        }
    }

    @Test func `both secrets work until the overlap ends, and then only the new one`() async throws {
        try await play { h, old in
            let new = try await rotate(h, "1h")
            #expect(try await isAccepted(h, old))
            #expect(try await isAccepted(h, new))
            #expect(try await !isAccepted(h, "wrong"))
            h.clock.advance(by: 3599)
            #expect(try await isAccepted(h, old))
            h.clock.advance(by: 1)
            #expect(try await !isAccepted(h, old))
            #expect(try await isAccepted(h, new))
        }
    }

    @Test(arguments: [nil, "0"]) func `without an overlap every older secret is invalid at once`(
        overlap: String?
    ) async throws {
        try await play { h, old in
            let second = try await rotate(h, "1h")
            let third = try await rotate(h, overlap)
            #expect(try await !isAccepted(h, old))
            #expect(try await !isAccepted(h, second))
            #expect(try await isAccepted(h, third))
        }
    }

    @Test func `the use of the old secret is recorded`() async throws {
        try await play { h, old in
            let new = try await rotate(h, "1h")
            _ = try await isAccepted(h, new)
            let id = try ClientID("desk")
            #expect(try await h.gatehouse.store.read { try $0.replacedClientSecrets.find(of: id) }?.usedAt == nil)
            let used = h.clock.now
            _ = try await isAccepted(h, old)
            await eventually {
                (try? await h.gatehouse.store.read { try $0.replacedClientSecrets.find(of: id) }?.usedAt) == used
            }
            let shown = try await h.administer(.clients(.show("desk"))).rows.first
            #expect(shown?["previous_secret_used_at"]?.string == used.rfc3339)
        }
    }

    @Test func `a public client has no secret to replace, and a removed one keeps none`() async throws {
        try await play { h, old in
            let error = await #expect(throws: AdministrationError.self) {
                try await h.administer(.clients(.rotateSecret("quill")))
            }
            #expect(error?.description.contains("has no secret") == true)
            #expect(try await h.records(.clientSecretRotated).isEmpty)
            _ = try await rotate(h, "1h")
            try await h.administer(.clients(.remove("desk")))
            let id = try ClientID("desk")
            #expect(try await h.gatehouse.store.read { try $0.replacedClientSecrets.find(of: id) } == nil)
            #expect(try await !isAccepted(h, old))
        }
    }
}
