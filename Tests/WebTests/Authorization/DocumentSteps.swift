import AuthorizationServer
import HummingbirdTesting
import JOSE
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport

/// A server, and the web site of a client that it has never heard of.
struct DocumentScene: Sendable {
    static let redirect = "http://127.0.0.1:49152/callback"

    let h: Harness
    let host: DocumentHost

    static func play(
        allow: [String] = ["*"], block: [String] = [], budget: FetchBudget = .generous,
        _ test: @Sendable @escaping (DocumentScene) async throws -> Void
    ) async throws {
        let host = try await DocumentHost()
        do {
            let run: @Sendable (Harness) async throws -> Void = { try await test(DocumentScene(h: $0, host: host)) }
            try await Harness.run(
                fetcher: { try host.fetcher($0, allow: allow, block: block, budget: budget) }, run)
        } catch {
            try await host.stop()
            throw error
        }
        try await host.stop()
    }

    /// An authorization request of the site's client.
    func request(
        _ changes: [String: String?] = [:], path: String = DocumentHost.path, verifier: CodeVerifier = .random()
    ) -> [(String, String)] {
        let own: [String: String?] = ["client_id": host.id(path), "redirect_uri": Self.redirect]
        return h.request(own.merging(changes) { $1 }, verifier: verifier)
    }

    /// Walks to the consent page.
    func consentPage(
        _ browser: TestBrowser, _ changes: [String: String?] = [:], path: String = DocumentHost.path
    ) async throws -> TestResponse {
        try await h.consentPage(browser, request(changes, path: path))
    }

    /// A browser with a signed-in user, for the registered client.
    func signedIn() async throws -> TestBrowser {
        let browser = h.browser()
        _ = try await h.consentPage(browser, h.request())
        return browser
    }

    func code(
        _ browser: TestBrowser? = nil, redirect: String = redirect, path: String = DocumentHost.path
    ) async throws -> Redeemable {
        try await h.code(browser, ["client_id": host.id(path), "redirect_uri": redirect])
    }

    func redeem(
        _ code: Redeemable, redirect: String = redirect, path: String = DocumentHost.path
    ) async throws -> TestResponse {
        try await h.redeem(code, ["client_id": host.id(path), "redirect_uri": redirect])
    }

    func refresh(_ token: String?, path: String = DocumentHost.path) async throws -> TestResponse {
        try await h.refresh(token, ["client_id": host.id(path)])
    }

    /// Walks the whole way.
    func tokens(
        _ browser: TestBrowser? = nil, redirect: String = redirect, path: String = DocumentHost.path
    ) async throws -> Tokens {
        try await redeem(code(browser, redirect: redirect, path: path), redirect: redirect, path: path).tokens
    }

    /// Lets the kept document grow old, so that it has to be fetched again.
    func age(by seconds: Int64 = 400) {
        h.clock.advance(by: seconds)
    }

    /// Sets a rule as the command line does.
    func set(_ target: ClientRule.Target, _ rule: ClientRule.Rule) async throws {
        let rule = ClientRule(target, rule, createdAt: h.clock.now)
        try await h.gatehouse.store.write { try $0.clientRules.set(rule) }
    }
}
