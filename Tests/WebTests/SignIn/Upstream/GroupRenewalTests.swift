import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("OpenID Connect Core §12 Groups that a provider is asked for again")
struct GroupRenewalTests {
    private static let token = "renewal-canary"

    /// A user who signed in at a provider that renews groups, with a session that rests on the group `eng`.
    private struct Scene: Sendable {
        let h: Harness
        let provider: LoopbackIdentityProvider
        let browser: TestBrowser
        let departure: UpstreamSteps.Departure

        /// The requests with the refresh token.
        var renewals: [String] { provider.tokenRequests.filter { $0.contains("grant_type=refresh_token") } }

        /// The provider answers the next request with these claims.
        func prepare(
            _ groups: JSON?, _ claims: [String: JSON?] = [:], key: SigningKey? = nil
        ) throws {
            var claims = claims
            claims["groups"] = .some(groups)
            if claims["nonce"] == nil { claims["nonce"] = .some(nil) }
            provider.prepare(try h.upstream.idToken(departure, of: provider, claims, key: key))
        }

        func kept() async throws -> UpstreamRefreshToken? {
            let issuer = try OpenIDIssuer(provider.issuer)
            return try await h.gatehouse.store.read {
                try $0.upstreamRefreshTokens.find(issuer: issuer, subject: "ada-upstream")
            }
        }

        func user() async throws -> User {
            let id = try #require(try await h.upstream.identity(at: provider)).userID
            return try #require(try await h.gatehouse.store.read { try $0.users.find(id: id) })
        }

        func groups() async throws -> [String] {
            let user = try await user().id
            return try await h.gatehouse.store.read { try $0.groups.memberships(of: user) }.map(\.group.name)
        }

        func isLive() async throws -> Bool {
            try await h.sessions().contains { $0.isLive(at: h.clock.now) }
        }
    }

    private func play(
        change: @Sendable @escaping (inout IdentityProviderDraft) -> Void = { _ in },
        _ test: @Sendable @escaping (Scene) async throws -> Void
    ) async throws {
        let renewing: @Sendable (inout IdentityProviderDraft) -> Void = {
            $0.refreshesGroups = ["true"]
            change(&$0)
        }
        try await UpstreamSteps.withProvider(change: renewing) { h, provider in
            let corp = try GroupSource(provider: ProviderName("corp"))
            try await h.gatehouse.store.write { [now = h.clock.now, resource = h.resource.id] transaction in
                let group = Group(name: "corp-eng", source: corp, claim: "eng", createdAt: now)
                try transaction.groups.insert(group)
                try transaction.access.set(AccessSettings(list: AccessList(groups: [group.id])), of: resource)
            }
            let browser = h.browser()
            let departure = try await h.upstream.depart(browser, from: browser.get("/account"))
            provider.offer(refreshToken: Self.token)
            provider.prepare(try h.upstream.idToken(departure, of: provider, ["groups": ["eng"]]))
            #expect(try await h.upstream.comeBack(browser, departure).status == .seeOther)
            _ = try await h.tokens(browser)
            try await test(Scene(h: h, provider: provider, browser: browser, departure: departure))
        }
    }

    @Test func `a sign-in asks for offline access, and its refresh token is kept sealed`() async throws {
        try await play { scene in
            #expect(scene.departure.query["scope"] == ["openid offline_access profile email"])
            let kept = try #require(try await scene.kept())
            #expect(!String(decoding: kept.token, as: UTF8.self).contains("canary"))
            #expect(scene.h.gatehouse.upstreamSignIn.vault.renewal(by: kept)?.refresh.reveal() == Self.token)
            // Opened in another row, the value is nothing.
            let moved = UpstreamRefreshToken(
                issuer: kept.issuer, subject: "eve", provider: kept.provider, token: kept.token,
                createdAt: kept.createdAt)
            #expect(scene.h.gatehouse.upstreamSignIn.vault.renewal(by: moved) == nil)
        }
        let reading: @Sendable (inout IdentityProviderDraft) -> Void = { $0.groupClaim = ["groups"] }
        try await UpstreamSteps.withProvider(change: reading) { h, provider in
            provider.offer(refreshToken: Self.token)
            _ = try await h.upstream.enter(h.browser(), at: provider)
            let sealed = try await h.gatehouse.store.read {
                try $0.sealedValues.list(in: .upstreamRefreshTokens, after: "", limit: 9)
            }
            #expect(sealed.isEmpty, "a token that nobody asked for is not kept")
        }
    }

    @Test func `a group that was lost upstream ends the session after an hour, with event and record`() async throws {
        try await play { scene in
            let h = scene.h
            _ = try await h.poll()
            h.clock.advance(by: 3_599)
            try await h.gatehouse.groupRenewal.round()
            #expect(scene.renewals.isEmpty)
            h.clock.advance(by: 1)
            try scene.prepare(["other"])
            try await h.gatehouse.groupRenewal.round()
            #expect(scene.renewals.count == 1)
            #expect(scene.renewals.first?.contains("refresh_token=\(Self.token)") == true)
            #expect(try await scene.groups().isEmpty)
            #expect(try await h.records(.sessionEnded).map(\.reason) == ["access_lost"])
            #expect(try await h.endEvents() == 1)
            let said = try await h.upstream.identity(at: scene.provider)?.statement
            #expect(said?.groups == ["other"] && said?.name == "Ada Lovelace")
        }
    }

    @Test func `groups that the provider confirms each hour never grow too old`() async throws {
        try await play { scene in
            let h = scene.h
            try await h.changeAccess(AccessChange(groupAge: "2h"))
            for round in 1...4 {
                h.clock.advance(by: 3_600)
                try scene.prepare(["eng"])
                try await h.gatehouse.groupRenewal.round()
                try await h.gatehouse.groupRenewal.round()
                #expect(scene.renewals.count == round, "once an hour")
                #expect(try await scene.isLive())
            }
            #expect(try await scene.groups() == ["corp-eng"])
        }
    }

    @Test func `the next refresh token of the provider is used the next time`() async throws {
        try await play { scene in
            scene.provider.offer(refreshToken: "second-canary")
            for _ in 0..<2 {
                scene.h.clock.advance(by: 3_600)
                try scene.prepare(["eng"])
                try await scene.h.gatehouse.groupRenewal.round()
            }
            #expect(scene.renewals.count == 2)
            #expect(scene.renewals[0].contains("refresh_token=\(Self.token)"))
            #expect(scene.renewals[1].contains("refresh_token=second-canary"))
        }
    }

    @Test func `a refused refresh forgets the token, and the groups grow old until the session ends`() async throws {
        try await play { scene in
            let h = scene.h
            scene.provider.behave(.answering("400 Bad", body: #"{"error":"invalid_grant"}"#))
            h.clock.advance(by: 3_600)
            try await h.gatehouse.groupRenewal.round()
            #expect(try await scene.kept() == nil)
            #expect(try await scene.groups() == ["corp-eng"])
            let live = try await scene.isLive()
            #expect(live)
            h.clock.advance(by: 3_600)
            try await h.gatehouse.groupRenewal.round()
            #expect(scene.renewals.count == 1)
        }
    }

    @Test func `a provider that is down or confused changes nothing, and is asked again an hour later`() async throws {
        try await play { scene in
            let answers = [
                ("503 Later", "{}"), ("400 Bad", #"{"error":"invalid_client"}"#), ("200 OK", "<html>"),
                ("200 OK", #"{"access_token":"a","token_type":"Bearer"}"#),
            ]
            for (status, body) in answers {
                scene.provider.behave(.answering(status, body: body))
                scene.h.clock.advance(by: 3_600)
                try await scene.h.gatehouse.groupRenewal.round()
                #expect(try await scene.groups() == ["corp-eng"], "\(status) \(body)")
                #expect(try await scene.kept() != nil, "\(status) \(body)")
            }
            #expect(scene.renewals.count == answers.count)
            scene.provider.behave(.giving)
            scene.h.clock.advance(by: 3_600)
            try scene.prepare([])
            try await scene.h.gatehouse.groupRenewal.round()
            #expect(try await scene.groups().isEmpty)
        }
    }

    @Test func `a forged or incomplete token changes no group`() async throws {
        let forged: [[String: JSON?]] = [
            ["iss": "https://evil.example"], ["aud": "other"], ["sub": "eve"], ["nonce": "other"], ["iat": 1],
            ["exp": 1],
            ["at_hash": "AAAAAAAAAAAAAAAAAAAAAA"], ["hasgroups": true],
        ]
        try await play { scene in
            for claims in forged {
                scene.h.clock.advance(by: 3_600)
                try scene.prepare([], claims)
                try await scene.h.gatehouse.groupRenewal.round()
                #expect(try await scene.groups() == ["corp-eng"], "\(claims)")
            }
            scene.h.clock.advance(by: 3_600)
            try scene.prepare([], key: .generate())
            try await scene.h.gatehouse.groupRenewal.round()
            #expect(try await scene.groups() == ["corp-eng"])
            #expect(scene.renewals.count == forged.count + 1)
        }
    }

    @Test func `a token with the nonce of the sign-in counts like one without`() async throws {
        try await play { scene in
            scene.h.clock.advance(by: 3_600)
            try scene.prepare([], ["nonce": .string(scene.departure.nonce)])
            try await scene.h.gatehouse.groupRenewal.round()
            #expect(try await scene.groups().isEmpty)
        }
    }

    @Test func `a user who left the required groups is signed out as well`() async throws {
        let requiring: @Sendable (inout IdentityProviderDraft) -> Void = { $0.requiredGroups = ["eng"] }
        try await play(change: requiring) { scene in
            scene.h.clock.advance(by: 1_500)
            _ = try await scene.browser.get("/account")
            scene.h.clock.advance(by: 1_500)
            _ = try await scene.browser.get("/account")
            scene.h.clock.advance(by: 600)
            #expect(try await scene.h.upstream.login(scene.browser) != nil)
            try scene.prepare(["other"])
            try await scene.h.gatehouse.groupRenewal.round()
            #expect(try await scene.h.upstream.login(scene.browser) == nil)
            #expect(try await scene.groups().isEmpty)
            #expect(try await scene.h.records(.personSignedOut).map(\.reason) == ["identity provider corp"])
        }
    }

    @Test func `without a live session nobody is asked, and a day later the token is forgotten`() async throws {
        try await play { scene in
            let h = scene.h
            let user = try await scene.user()
            _ = try await h.gatehouse.store.endSessions(
                SessionFilter(user: user.id),
                SessionEnding(reason: .revokedByAdmin, initiator: .admin, actor: .system, at: h.clock.now))
            h.clock.advance(by: 86_399)
            try await h.gatehouse.groupRenewal.round()
            #expect(scene.renewals.isEmpty)
            _ = try await h.gatehouse.store.write { [now = h.clock.now] in try $0.housekeep(now: now, limit: 100) }
            #expect(try await scene.kept() != nil)
            h.clock.advance(by: 1)
            _ = try await h.gatehouse.store.write { [now = h.clock.now] in try $0.housekeep(now: now, limit: 100) }
            #expect(try await scene.kept() == nil)
        }
    }

    @Test func `a disabled user, an unlinked account and a removed provider leave no token`() async throws {
        try await play { scene in
            let user = try await scene.user()
            try await scene.h.administer(.users(.disable(name: user.name)))
            #expect(try await scene.kept() == nil)
        }
        try await play { scene in
            let user = try await scene.user()
            let issuer = try OpenIDIssuer(scene.provider.issuer)
            _ = try await scene.h.gatehouse.store.write {
                try $0.upstreamIdentities.remove(issuer: issuer, subject: "ada-upstream", of: user.id)
            }
            #expect(try await scene.kept() == nil)
        }
        try await play { scene in
            try await scene.h.upstream.run(.remove("corp"))
            #expect(try await scene.kept() == nil)
            scene.h.clock.advance(by: 3_600)
            try await scene.h.gatehouse.groupRenewal.round()
            #expect(scene.renewals.isEmpty)
        }
    }

    @Test func `of parallel rounds one asks`() async throws {
        try await play { scene in
            scene.h.clock.advance(by: 3_600)
            try scene.prepare(["eng"])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await scene.h.gatehouse.groupRenewal.round() } }
                try await group.waitForAll()
            }
            #expect(scene.renewals.count == 1)
        }
    }
}
