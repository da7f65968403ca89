import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import Web

@Suite("Abuse of invitations at an identity provider", .timeLimit(.minutes(2)))
struct ProviderInvitationAbuseTests {
    private func play(
        accounts: String = "invited",
        _ test: @Sendable @escaping (Harness, LoopbackIdentityProvider) async throws -> Void
    ) async throws {
        try await UpstreamSteps.withProvider(change: { $0.accounts = [accounts] }, test)
    }

    /// What must not have happened: a linked account, a login, a used link.
    private func expectUntaken(_ link: String, _ h: Harness, _ provider: LoopbackIdentityProvider) async throws {
        #expect(try await h.upstream.identity("grace-upstream", at: provider) == nil)
        #expect(try await h.browserLogins() == 0)
        #expect(try await h.links.stored(link: link)?.usedAt == nil)
        #expect(try await h.records(.accountLinkUsed).isEmpty)
        #expect(try await h.records(.identityLinked).isEmpty)
    }

    @Test func `the callback in another browser takes nothing, and the user's own still counts (login CSRF)`()
        async throws
    {
        try await play { h, provider in
            let link = try await h.links.invite("grace", at: "corp")
            let (browser, victim) = (h.browser(), h.browser())
            _ = try await victim.get("/account")
            let departure = try await h.links.depart(link, in: browser)
            provider.prepare(try h.upstream.idToken(departure, of: provider, subject: "grace-upstream"))
            let foreign = try await h.upstream.comeBack(victim, departure)
            #expect(foreign.status == .forbidden && foreign.text.contains("This browser did not start the sign-in"))
            try await expectUntaken(link, h, provider)
            #expect(try await h.upstream.comeBack(browser, departure).status == .seeOther)
        }
    }

    @Test func `no other site can press the button, and no other page learns the link`() async throws {
        try await play { h, _ in
            let link = try await h.links.invite("grace", at: "corp")
            #expect(try await h.browser().get(link).headers[FieldNames.referrerPolicy] == "strict-origin")
            for headers: HTTPFields in [[FieldNames.fetchSite: "cross-site"], [.origin: "https://evil.example"]] {
                #expect(try await h.browser().post(link, [], headers: headers).status == .forbidden)
            }
            #expect(try await h.gatehouse.store.read { try $0.signInAttempts.count() } == 0)
            let browser = h.browser()
            let leaving = try await h.links.depart(link, in: browser)
            #expect(leaving.page.isPage("hand-off") && leaving.page.headers[FieldNames.referrerPolicy] == "no-referrer")
            #expect(!leaving.page.text.contains(link) && browser.cookies["gatehouse-browser"] != nil)
        }
    }

    @Test func `a password typed by hand into the form sets none`() async throws {
        try await play { h, provider in
            let link = try await h.links.invite("grace", at: "corp")
            #expect(try await h.links.take(link).isPage("hand-off"))
            #expect(try await !h.links.canSignIn("grace", AccountLinkSteps.chosen))
            try await expectUntaken(link, h, provider)
        }
    }

    @Test func `of many browsers at once one takes the account, and nobody is signed in to it in the others`()
        async throws
    {
        try await play { h, provider in
            let link = try await h.links.invite("grace", at: "corp")
            let browsers = (0..<8).map { _ in h.browser() }
            var departures: [UpstreamSteps.Departure] = []
            for (number, browser) in browsers.enumerated() {
                let departure = try await h.links.depart(link, in: browser)
                let token = try h.upstream.idToken(departure, of: provider, subject: "subject-\(number)")
                provider.prepare(token, for: "code-\(number)-")
                departures.append(departure)
            }
            let answers = try await withThrowingTaskGroup(of: (Int, HTTPResponse.Status).self) { [departures] group in
                for number in browsers.indices {
                    group.addTask {
                        let answer = try await h.upstream.comeBack(
                            browsers[number], departures[number], ["code": "code-\(number)-"])
                        return (number, answer.status)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let won = answers.filter { $0.1 == .seeOther }.map(\.0)
            #expect(won.count == 1 && answers.allSatisfy { $0.1 == .seeOther || $0.1 == .gone })
            let winner = try #require(won.first)
            for number in browsers.indices {
                let isIn = try await h.upstream.login(browsers[number]) != nil
                let identity = try await h.upstream.identity("subject-\(number)", at: provider)
                #expect(isIn == (number == winner) && (identity != nil) == (number == winner))
            }
            #expect(try await h.records(.accountLinkUsed).count == 1)
        }
    }

    @Test func `a link that a scanner opens and presses ten times, and whose provider changes, can be taken`()
        async throws
    {
        try await play { h, provider in
            let link = try await h.links.invite("grace", at: "corp")
            let stored = try await h.links.stored(link: link)
            for _ in 0..<10 {
                let scanner = h.browser()
                #expect(try await scanner.get(link).isPage("invitation"))
                _ = try await h.links.depart(link, in: scanner)
            }
            #expect(try await h.links.stored(link: link) == stored)
            #expect(try await h.records(.accountLinkUsed).isEmpty)
            var change = IdentityProviderChange()
            change.options = ["logout": ["sessions"]]
            try await h.upstream.run(.edit("corp", change))
            let browser = h.browser()
            #expect(try await h.links.take(link, at: provider, in: browser).status == .seeOther)
            #expect(try await h.upstream.login(browser)?.userID != nil)
            #expect(try await h.records(.accountLinkUsed).count == 1)
        }
    }

    @Test func `what happens to the link while the user is at the provider counts`() async throws {
        let deeds: [(String, @Sendable (Harness) async throws -> Void, HTTPResponse.Status)] = [
            ("expired", { $0.clock.advance(by: 120) }, .gone),
            ("replaced", { _ = try await $0.links.invite("grace", at: "corp") }, .notFound),
            ("replaced by one for a password", { _ = try await $0.links.invite("grace") }, .notFound),
            ("disabled", { try await $0.administer(.users(.disable(name: "grace"))) }, .notFound),
            ("provider removed", { try await $0.upstream.run(.remove("corp")) }, .forbidden),
        ]
        for (name, deed, status) in deeds {
            try await play { h, provider in
                let link = try await h.links.invite("grace", at: "corp")
                let browser = h.browser()
                h.clock.advance(by: AccountLink.lifetime - 60)
                let departure = try await h.links.depart(link, in: browser)
                provider.prepare(try h.upstream.idToken(departure, of: provider, subject: "grace-upstream"))
                try await deed(h)
                let answer = try await h.upstream.comeBack(browser, departure)
                #expect(answer.status == status && answer.isPage("error"), "\(name): \(answer.status)")
                try await expectUntaken(link, h, provider)
            }
        }
    }

    @Test func `a provider that is added again under the same name takes no earlier invitation`() async throws {
        try await play { h, provider in
            let link = try await h.links.invite("grace", at: "corp")
            try await h.upstream.run(.remove("corp"))
            #expect(try await h.browser().get(link).status == .notFound)
            try await h.upstream.add(provider) { $0.accounts = ["invited"] }
            #expect(try await h.browser().get(link).status == .notFound)
            #expect(try await h.links.depart(link, in: h.browser()).query.isEmpty)
        }
    }

    @Test func `another provider than the named one takes nothing`() async throws {
        try await play { h, provider in
            try await h.upstream.add(provider, as: "lab") { $0.accounts = ["create"] }
            let link = try await h.links.invite("grace", at: "corp")
            let browser = h.browser()
            let departure = try await h.links.depart(link, in: browser)
            provider.prepare(try h.upstream.idToken(departure, of: provider, subject: "grace-upstream"))
            #expect(try await h.upstream.comeBack(browser, departure, to: "lab").status == .forbidden)
            try await expectUntaken(link, h, provider)
        }
    }

    @Test func `an account at the provider that belongs to another user here takes no invitation`() async throws {
        try await play(accounts: "create") { h, provider in
            _ = try await h.upstream.enter(h.browser(), at: provider, as: "mallory-upstream")
            let link = try await h.links.invite("grace", at: "corp")
            let browser = h.browser()
            let answer = try await h.links.take(link, at: provider, as: "mallory-upstream", in: browser)
            #expect(answer.status == .forbidden && answer.text.contains("belongs to another user here"))
            #expect(try await h.links.stored(link: link)?.usedAt == nil)
            #expect(try await h.upstream.login(browser) == nil)
        }
    }

    @Test func `an account that a stranger created under the invited name is not invited (pre-hijacking)`() async throws
    {
        try await play(accounts: "create") { h, provider in
            _ = try await h.upstream.enter(h.browser(), at: provider, as: "stranger", ["preferred_username": "grace"])
            let link = try await h.links.invite("grace", at: "corp")
            _ = try await h.links.take(link, at: provider, in: h.browser())
            let stranger = try #require(try await h.upstream.identity("stranger", at: provider))
            let invited = try #require(try await h.upstream.identity("grace-upstream", at: provider))
            #expect(stranger.userID != invited.userID)
            #expect(try await h.upstream.users().map(\.name) == ["ada", "grace", "grace@corp"])
            let isRefused = try await h.links.isRefused(.invite(name: "grace@corp", email: nil, provider: "corp"))
            #expect(isRefused)
        }
    }

    @Test func `the secret of a link is in no log line and in no file`() async throws {
        let log = CapturedLog()
        let provider = try await LoopbackIdentityProvider.start()
        try await Harness.run(operators: OperatorClient(deadline: .seconds(20)), log: log.logger) { h in
            try await h.upstream.add(provider) { $0.accounts = ["invited"] }
            let link = try await h.links.invite("grace", email: "grace@example.org", at: "corp")
            _ = try await h.links.take(link, at: provider, in: h.browser())
            let claims: [String: JSON?] = ["email": "grace@example.org", "email_verified": true]
            _ = try await h.links.take(link, at: provider, claims, in: h.browser())
            let records = try await h.gatehouse.store.read { try $0.audit.tail(limit: 500) }.map { "\($0)" }
            let secret = String(link.dropFirst("/invitations/".count))
            #expect(log.lines.contains { $0.contains("other_address") })
            #expect(!log.lines.contains { $0.contains(secret) || $0.contains("grace@example.org") })
            #expect(!records.contains { $0.contains(secret) || $0.contains("grace@example.org") })
        }
        try await provider.stop()
    }
}
