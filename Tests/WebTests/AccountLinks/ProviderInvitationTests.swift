import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import Web

@Suite("Invitations that have to be taken at an identity provider")
struct ProviderInvitationTests {
    private func play(
        accounts: String = "invited",
        adjust: @Sendable (inout Settings) throws -> Void = { _ in },
        _ test: @Sendable @escaping (Harness, LoopbackIdentityProvider) async throws -> Void
    ) async throws {
        try await UpstreamSteps.withProvider(adjust: adjust, change: { $0.accounts = [accounts] }, test)
    }

    private func user(_ name: String, _ h: Harness) async throws -> User {
        try #require(try await h.gatehouse.store.read { try $0.users.find(named: name) })
    }

    @Test(arguments: ["invited", "create", "link"])
    func `a sign-in at the provider takes the account, which that account signs in from then on`(
        accounts: String
    ) async throws {
        try await play(accounts: accounts) { h, provider in
            let link = try await h.links.invite("grace", at: "corp")
            let page = try await h.browser().get(link)
            #expect(page.status == .ok && page.isPage("invitation") && page.headers[.setCookie] == nil)
            #expect(page.text.contains("<bdi>grace</bdi>") && page.text.contains("Continue with <bdi>corp</bdi>"))
            #expect(page.input("new") == nil, "it asks for no password")
            let browser = h.browser()
            let answer = try await h.links.take(link, at: provider, in: browser)
            #expect(answer.status == .seeOther && answer.headers[.location] == "http://localhost/account")
            let grace = try await user("grace", h)
            #expect(try await h.upstream.identity("grace-upstream", at: provider)?.userID == grace.id)
            #expect(try await h.upstream.login(browser)?.userID == grace.id)
            #expect(try await h.links.stored(link: link)?.usedAt == h.clock.now)
            #expect(try await h.password(of: grace.id) == nil)
            let again = h.browser()
            #expect(try await h.upstream.enter(again, at: provider, as: "grace-upstream").status == .seeOther)
            #expect(try await h.upstream.login(again)?.userID == grace.id)
            #expect(try await h.records(.accountLinkUsed).map(\.reason) == ["invitation at corp"])
            #expect(try await h.records(.identityLinked).map(\.user) == [grace.id])
            #expect(try await h.upstream.users().map(\.name) == ["ada", "grace"])
        }
    }

    @Test func `an address of the invitation has to be the verified one at the provider`() async throws {
        try await play { h, provider in
            let link = try await h.links.invite("grace", email: "grace@example.org", at: "corp")
            let browser = h.browser()
            #expect(try await browser.get(link).text.contains("grace@example.org"))
            #expect(try await h.links.depart(link, in: browser).query["login_hint"] == ["grace@example.org"])
            let others: [[String: JSON?]] = [
                [:], ["email": "grace@example.org"], ["email": "grace@example.org", "email_verified": false],
                ["email": "grace@example.org", "email_verified": "true"],
                ["email": "mallory@example.org", "email_verified": true],
                ["email": "grace@example.org.evil.example", "email_verified": true],
                ["email": "grace@EXAMPLE.ORG ", "email_verified": true],
                // The Kelvin sign, whose lower case is an ASCII letter in Unicode.
                ["email": "grace@example.or\u{212A}", "email_verified": true],
            ]
            for claims in others {
                let answer = try await h.links.take(link, at: provider, claims, in: browser)
                #expect(answer.status == .forbidden && answer.isPage("error"), "\(claims)")
                #expect(answer.text.contains("is for another account") && answer.text.contains("open your link again"))
                #expect(!answer.text.contains("grace@example.org"))
            }
            #expect(try await h.upstream.identity("grace-upstream", at: provider) == nil)
            #expect(try await h.links.stored(link: link)?.usedAt == nil)
            #expect(try await h.browserLogins() == 0)
            let right: [String: JSON?] = ["email": "Grace@Example.Org", "email_verified": true]
            #expect(try await h.links.take(link, at: provider, right, in: browser).status == .seeOther)
        }
    }

    @Test func `a second invitation without the address still demands it`() async throws {
        try await play { h, provider in
            _ = try await h.links.invite("grace", email: "grace@example.org", at: "corp")
            let link = try await h.links.invite("grace", at: "corp")
            #expect(try await h.links.stored(link: link)?.taker?.email == "grace@example.org")
            #expect(try await h.links.take(link, at: provider, in: h.browser()).status == .forbidden)
        }
    }

    @Test func `groups of the invitation and those that the provider states are the user's at once`() async throws {
        let change: @Sendable (inout IdentityProviderDraft) -> Void = {
            $0.accounts = ["invited"]
            $0.requiredGroups = ["staff"]
        }
        try await UpstreamSteps.withProvider(change: change) { h, provider in
            let corp = try GroupSource(provider: ProviderName("corp"))
            _ = try await h.gatehouse.store.write { [now = h.clock.now] transaction in
                try transaction.groups.insert(Group(name: "staff", source: corp, claim: "staff", createdAt: now))
                return try transaction.groups.insert(Group(name: "editors", source: .local, createdAt: now))
            }
            let answer = try await h.administer(
                .users(.links(.invite(name: "grace", email: nil, groups: ["editors"], provider: "corp"))))
            let link = try #require(answer.rows.first?["link"]?.string).dropFirst("http://localhost".count)
            let browser = h.browser()
            let stranger = try await h.links.take(String(link), at: provider, ["groups": ["guests"]], in: browser)
            #expect(stranger.status == .forbidden && stranger.text.contains("may not sign in here"))
            let taken = try await h.links.take(String(link), at: provider, ["groups": ["staff"]], in: browser)
            #expect(taken.status == .seeOther)
            let grace = try await user("grace", h)
            let names = try await h.gatehouse.store.read { try $0.groups.memberships(of: grace.id) }.map(\.group.name)
            #expect(Set(names) == ["editors", "staff"])
        }
    }

    @Test func `with password sign-in off, links that set a password are not valid, and those of a provider are`()
        async throws
    {
        let withoutPasswords: @Sendable (inout Settings) throws -> Void = { $0.signIn.password = false }
        try await play(adjust: withoutPasswords) { h, provider in
            let (password, invited) = (try await h.links.invite("hedy"), try await h.links.invite("grace", at: "corp"))
            #expect(try await h.browser().get(password).status == .notFound)
            #expect(try await h.links.take(password).status == .notFound)
            #expect(try await h.links.take(invited, at: provider, in: h.browser()).status == .seeOther)
        }
    }

    @Test func `a reset gives the account back to its user at the provider`() async throws {
        try await play { h, provider in
            let link = try await h.links.invite("grace", at: "corp")
            let thief = h.browser()
            _ = try await h.links.take(link, at: provider, as: "mallory-upstream", in: thief)
            let seen = try await h.browser().get(link)
            #expect(seen.status == .gone && seen.text.contains("Somebody took this account by an account at corp"))
            #expect(seen.text.contains(h.clock.now.shown), "it tells when")
            let next = try await h.links.reset("grace", revokesSessions: true, unlinksAccounts: true, at: "corp")
            #expect(try await h.upstream.login(thief) == nil)
            #expect(try await h.upstream.identity("mallory-upstream", at: provider) == nil)
            let back = try await h.upstream.enter(h.browser(), at: provider, as: "mallory-upstream")
            #expect(back.status == .forbidden, "the thief's account has no invitation any more")
            let page = try await h.browser().get(next)
            #expect(page.isPage("invitation") && page.text.contains("An administrator reset the account"))
            #expect(try await h.links.take(next, at: provider, in: h.browser()).status == .seeOther)
            let grace = try await user("grace", h)
            #expect(try await h.upstream.identity("grace-upstream", at: provider)?.userID == grace.id)
            let uses = Set(try await h.records(.accountLinkUsed).map(\.reason))
            #expect(uses == ["invitation at corp", "reset at corp"])
        }
    }

    @Test func `a user who cancels at the provider, or finds it down, can open the link again`() async throws {
        try await play { h, provider in
            let link = try await h.links.invite("grace", at: "corp")
            let browser = h.browser()
            let departure = try await h.links.depart(link, in: browser)
            let denied = try await h.upstream.comeBack(browser, departure, ["code": nil, "error": "access_denied"])
            #expect(denied.status == .badRequest && denied.isPage("error"))
            #expect(denied.text.contains("You did not sign in at corp"))
            provider.behave(.answering("503 Later", body: "{}"))
            let down = try await h.links.take(link, at: provider, in: browser)
            #expect(down.status == .serviceUnavailable && down.text.contains("cannot be reached"))
            provider.behave(.giving)
            #expect(try await h.links.take(link, at: provider, in: browser).status == .seeOther)
        }
    }

    @Test func `an unknown provider and an address that is none make no link`() async throws {
        try await play { h, _ in
            let requests: [AccountLinkRequest] = [
                .invite(name: "grace", email: nil, provider: "nowhere"),
                .invite(name: "grace", email: "Grace <grace@example.org>", provider: "corp"),
            ]
            for request in requests { #expect(try await h.links.isRefused(request)) }
            let names = try await h.upstream.users().map(\.name)
            #expect(names == ["ada"])
        }
    }
}
