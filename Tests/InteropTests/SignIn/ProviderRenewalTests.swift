import AuthorizationServer
import Foundation
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

/// A server in this process, so that its groups are renewed when the test says so and not after a minute.
@Suite("Groups that LemonLDAP::NG is asked for again, and a key at Canaille")
struct ProviderRenewalTests {
    private let corp: ProviderName

    init() throws { corp = try ProviderName("corp") }

    private func play(
        _ test: @Sendable @escaping (Harness, OpenIDProvider) async throws -> Void
    ) async throws {
        try await Stage.play { stage in
            try await Harness.run { h in
                // The provider's tokens have the real time.
                h.clock.advance(by: Int64(Date().timeIntervalSince1970) - h.clock.now.seconds)
                let provider = try await OpenIDProvider(
                    .lemonldap, on: stage, relyingParty: "http://localhost", allowsOffline: true)
                var draft = IdentityProviderDraft(
                    name: "corp", issuer: provider.issuer, clientID: OpenIDProvider.clientID)
                draft.clientSecret = OpenIDProvider.clientSecret
                draft.scope = ["profile", "email", "groups"]
                draft.refreshesGroups = ["true"]
                try await h.upstream.run(.add(draft))
                try await test(h, provider)
            }
        }
    }

    private func enter(_ user: String, _ h: Harness, _ provider: OpenIDProvider) async throws -> TestBrowser {
        let browser = h.browser()
        let departure = try await h.upstream.depart(browser, from: browser.get("/account"))
        let callback = try await provider.callback(of: user, from: departure.page.continuation ?? "")
        _ = try await browser.get(String(callback.dropFirst("http://localhost".count)))
        #expect(try await h.upstream.login(browser) != nil)
        return browser
    }

    /// Lets the account's turn come, and asks the provider.
    private func renew(_ user: UserID, _ h: Harness) async throws {
        let (store, then) = (h.gatehouse.store, h.clock.now - UpstreamRefreshToken.interval)
        let account = try #require(try await store.read { try $0.upstreamIdentities.list(of: user) }.first)
        try await store.write { transaction in
            let kept = try #require(
                try transaction.upstreamRefreshTokens.find(issuer: account.issuer, subject: account.subject))
            try transaction.upstreamRefreshTokens.set(
                UpstreamRefreshToken(
                    issuer: kept.issuer, subject: kept.subject, provider: kept.provider, token: kept.token,
                    createdAt: kept.createdAt, triedAt: then))
        }
        try await h.gatehouse.groupRenewal.round()
    }

    @Test func `a group that was gained there counts without a sign-in, and one that was lost ends the session`()
        async throws
    {
        try await play { h, provider in
            let source = try GroupSource(provider: corp)
            try await h.gatehouse.store.write { [now = h.clock.now, resource = h.resource.id] transaction in
                let group = Group(name: "corp-editors", source: source, claim: "editors", createdAt: now)
                try transaction.groups.insert(group)
                try transaction.access.set(AccessSettings(list: AccessList(groups: [group.id])), of: resource)
                try transaction.groups.insert(
                    Group(name: "corp-reviewers", source: source, claim: "reviewers", createdAt: now))
            }
            let browser = try await enter("ada", h, provider)
            let user = try #require(try await h.upstream.login(browser)).userID
            _ = try await h.tokens(browser)
            func groups() async throws -> [String] {
                try await h.gatehouse.store.read { try $0.groups.memberships(of: user) }.map(\.group.name)
            }
            #expect(try await groups() == ["corp-editors"])
            try await provider.add("ada", to: "reviewers")
            try await renew(user, h)
            #expect(try await groups() == ["corp-editors", "corp-reviewers"])
            #expect(try await h.records(.sessionEnded).isEmpty)
            try await provider.remove("ada", from: "editors")
            try await renew(user, h)
            #expect(try await groups() == ["corp-reviewers"])
            #expect(try await h.records(.sessionEnded).map(\.reason) == ["access_lost"])
        }
    }

    @Test func `Canaille takes an assertion by the key that edit gave it, and none by another key`() async throws {
        try await Workplace.play(.canaille) { work in
            let keyed = try await work.gatehouse.object(["identity-providers", "edit", "corp", "--jwks-key"])
            #expect(keyed["auth"] == "private_key_jwt")
            let other = SigningKey.generate()
            try await work.provider.trust(String(decoding: JWKSet([other.jwk]).json.bytes, as: UTF8.self))
            let refused = try await work.enter(work.browser("grace"))
            #expect(refused.text.contains("cannot accept the answer"), "\(refused.text)")
            try await work.provider.trust(keyed["client_jwks"]?.string ?? "")
            let entered = try await work.enter(work.browser("ada"))
            #expect(entered.text.contains("Signed in as "), "\(entered.text)")
            #expect(try await work.users() == ["Ada Lovelace@corp", "ada"])
        }
    }
}
