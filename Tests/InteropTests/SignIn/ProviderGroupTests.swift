import JOSE
import TestSupport
import Testing

/// The groups of an OpenID provider decide who may use an MCP server.
@Suite("Access by groups of Canaille and LemonLDAP::NG")
struct ProviderGroupTests {
    /// Opens an authorization request in a new browser, and signs in at the provider.
    private func consent(of user: String, _ work: Workplace) async throws -> (SignInBrowser, SignInBrowser.Page) {
        let browser = try await work.browser(user)
        _ = try await browser.go(to: work.request())
        return (browser, try await browser.press("provider", "corp", beyond: Workplace.redirect))
    }

    /// Approves, and redeems the code; returns the refresh token.
    private func refreshToken(_ browser: SignInBrowser, _ work: Workplace) async throws -> String {
        let end = try await browser.press("decision", "approve", beyond: Workplace.redirect)
        let code = try #require(end.beyond.firstMatch(of: /code=(gate_c_[A-Za-z0-9_-]+)/))
        let answer = try await work.gatehouse.http.post(
            "/token",
            form: [
                "grant_type": "authorization_code", "client_id": work.client, "code": String(code.1),
                "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "redirect_uri": Workplace.redirect,
            ])
        return try #require(try answer.object()["refresh_token"]?.string)
    }

    private func refresh(_ token: String, _ work: Workplace) async throws -> LoopbackHTTP.Response {
        try await work.gatehouse.http.post(
            "/token", form: ["grant_type": "refresh_token", "client_id": work.client, "refresh_token": token])
    }

    @Test(arguments: OpenIDProvider.Product.allCases)
    func `a group of the provider gives and takes access as of each sign-in there, and ends the session of who left it`(
        product: OpenIDProvider.Product
    ) async throws {
        try await Workplace.play(product, options: ["--group-claim", "groups"]) { work in
            _ = try await work.gatehouse.object(["groups", "add", "editors", "--from", "corp"])
            _ = try await work.gatehouse.object([
                "resources", "policy", work.server, "--allow-group", "editors", "--yes",
            ])
            let (ada, asked) = try await consent(of: "ada", work)
            #expect(asked.controls.contains("decision"), "\(asked.text)")
            let token = try await refreshToken(ada, work)
            let refused = try await consent(of: "grace", work).1
            #expect(refused.text.contains("You don't have access to Files"), "\(refused.text)")
            #expect(!refused.controls.contains("decision"))

            try await work.provider.add("grace", to: "editors")
            try await work.provider.remove("ada", from: "editors")
            #expect(try await consent(of: "grace", work).1.controls.contains("decision"))
            // Nothing that happens at the provider reaches Gatehouse before the next sign-in.
            let kept = try await refresh(token, work)
            #expect(kept.status == 200)
            let next = try #require(try kept.object()["refresh_token"]?.string)
            // The app that ada approved is told that her access is gone.
            #expect(try await consent(of: "ada", work).1.beyond.contains("error=access_denied"))
            let ended = try await refresh(next, work)
            #expect(ended.status == 400)
            #expect(try ended.object()["error"]?.string == "invalid_grant")
            #expect(try await work.sessionUsers("--state", "active").isEmpty, "no session of ada is left")
        }
    }
}
