import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

extension Harness {
    /// The steps with one-time links.
    var links: AccountLinkSteps { AccountLinkSteps(h: self) }
}

/// Steps of administrators and users with one-time links.
struct AccountLinkSteps {
    let h: Harness

    static let chosen = "a password of my own"

    /// Invites a user; the path of the link.
    func invite(_ name: String, email: String? = nil, at provider: String? = nil) async throws -> String {
        try await link(.invite(name: name, email: email, provider: provider))
    }

    /// Resets a user's password; the path of the link.
    func reset(
        _ name: String, revokesSessions: Bool = false, unlinksAccounts: Bool = false, at provider: String? = nil
    ) async throws -> String {
        try await link(
            .reset(
                name: name, revokesSessions: revokesSessions, unlinksAccounts: unlinksAccounts, provider: provider))
    }

    private func link(_ request: AccountLinkRequest) async throws -> String {
        let answer = try await h.administer(.users(.links(request)))
        let link = try #require(answer.rows.first?["link"]?.string)
        return String(link.dropFirst(h.gatehouse.settings.issuer.origin.count))
    }

    /// Whether the administration refuses a request.
    func isRefused(_ request: AccountLinkRequest) async throws -> Bool {
        do {
            _ = try await h.administer(.users(.links(request)))
            return false
        } catch is AdministrationError {
            return true
        }
    }

    /// Submits the form of a link.
    func take(
        _ link: String, _ password: String = AccountLinkSteps.chosen, again: String? = nil,
        in browser: TestBrowser? = nil
    ) async throws -> TestResponse {
        try await (browser ?? h.browser()).post(link, [("new", password), ("again", again ?? password)])
    }

    /// Presses the button of a link that has to be taken at an identity provider, and returns what the provider learns.
    func depart(_ link: String, in browser: TestBrowser) async throws -> UpstreamSteps.Departure {
        let answer = try await browser.post(link, [])
        return .init(page: answer, query: FormText.decode(queryOf: answer.continuation ?? ""))
    }

    /// Takes a link by a sign-in at the provider, to the callback's response.
    func take(
        _ link: String, at provider: LoopbackIdentityProvider, as subject: String = "grace-upstream",
        _ claims: [String: JSON?] = [:], in browser: TestBrowser
    ) async throws -> TestResponse {
        let departure = try await depart(link, in: browser)
        provider.prepare(try h.upstream.idToken(departure, of: provider, subject: subject, claims))
        return try await h.upstream.comeBack(browser, departure)
    }

    /// Whether a fresh browser can sign in with this name and password.
    func canSignIn(_ name: String, _ password: String) async throws -> Bool {
        let browser = h.browser()
        let page = try await browser.get("/account")
        return try await h.signIn(browser, at: page, as: name, password: password).status == .seeOther
    }

    /// The stored link of a path.
    func stored(link: String) async throws -> AccountLink? {
        let secret = try #require(AccountLinkSecret(String(link.dropFirst("/invitations/".count))))
        return try await h.gatehouse.store.read { try $0.accountLinks.find(secret.digest)?.link }
    }
}
