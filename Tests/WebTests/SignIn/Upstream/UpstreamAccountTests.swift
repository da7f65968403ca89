import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Accounts of users who sign in at an identity provider")
struct UpstreamAccountTests {
    @Test func `an unknown account becomes a new user, and the same account is the same user again`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            _ = try await h.upstream.enter(h.browser(), at: provider)
            let first = try #require(try await h.upstream.identity(at: provider))
            h.clock.advance(by: 60)
            _ = try await h.upstream.enter(
                h.browser(), at: provider, ["preferred_username": "renamed", "name": "Ada King"])
            let again = try #require(try await h.upstream.identity(at: provider))
            #expect(again.userID == first.userID && again.name == "Ada King" && again.usedAt == h.clock.now)
            #expect(try await h.upstream.users().map(\.name) == ["ada", "ada.l@corp"])
            #expect(try await h.records(.userAdded).map(\.reason) == ["identity provider corp"])
        }
    }

    /// An attacker who may choose name and address at the provider must not become somebody who exists here.
    @Test func `an existing user's name or address never leads to that user`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            try await h.gatehouse.store.write { [now = h.clock.now] in
                _ = try $0.users.insert(User(name: "bea", email: "bea@example.com", createdAt: now))
            }
            let names: [(String, [String: JSON?])] = [
                ("1", ["preferred_username": "ada"]), ("2", ["preferred_username": "ADA"]),
                ("3", ["preferred_username": nil, "email": "bea@example.com", "email_verified": true]),
                ("4", ["preferred_username": nil, "name": "bea"]),
            ]
            for (subject, claims) in names {
                #expect(try await h.upstream.enter(h.browser(), at: provider, as: subject, claims).status == .seeOther)
            }
            let known = try await h.upstream.users().filter { ["ada", "bea"].contains($0.name) }.map(\.id)
            for (subject, _) in names {
                let identity = try #require(try await h.upstream.identity(subject, at: provider))
                #expect(!known.contains(identity.userID))
            }
            #expect(try await h.browserLogins() == 0, "nobody is signed in as the first user")
            #expect(try await h.upstream.users().count == 6)
        }
    }

    @Test func `a name with control characters is not taken over, and an account without any name has one`()
        async throws
    {
        try await UpstreamSteps.withProvider { h, provider in
            _ = try await h.upstream.enter(
                h.browser(), at: provider, as: "1", ["preferred_username": "a\u{202E}b", "name": nil])
            _ = try await h.upstream.enter(
                h.browser(), at: provider, as: "2", ["preferred_username": nil, "name": nil])
            #expect(try await h.upstream.users().map(\.name) == ["ada", "user-2@corp", "user@corp"])
        }
    }

    @Test func `a provider that only links refuses unknown accounts, and one that needs invitations as well`()
        async throws
    {
        for (rule, words) in [("link", "not linked"), ("invited", "no access here")] {
            let change: @Sendable (inout IdentityProviderDraft) -> Void = { $0.accounts = [rule] }
            try await UpstreamSteps.withProvider(change: change) { h, provider in
                let answer = try await h.upstream.enter(h.browser(), at: provider)
                #expect(answer.status == .forbidden && answer.element("problem")?.contains(words) == true)
                #expect(try await h.upstream.users().count == 1)
            }
        }
    }

    @Test
    func `each sign-in replaces what the provider said about the user's groups, and a removed provider says nothing`()
        async throws
    {
        let change: @Sendable (inout IdentityProviderDraft) -> Void = { $0.groupClaim = ["groups"] }
        try await UpstreamSteps.withProvider(change: change) { h, provider in
            let corp = try GroupSource(provider: ProviderName("corp"))
            try await h.gatehouse.store.write { [now = h.clock.now] transaction in
                for name in ["eng", "ops"] {
                    try transaction.groups.insert(Group(name: name, source: corp, claim: name, createdAt: now))
                }
            }
            func groups() async throws -> [String] {
                let user = try #require(try await h.upstream.identity(at: provider)).userID
                return try await h.gatehouse.store.read { try $0.groups.memberships(of: user) }.map(\.group.name)
            }
            let answers: [(JSON?, [String])] = [
                (["eng", "other"], ["eng"]), (["ops"], ["ops"]), (nil, []), (["eng"], ["eng"]),
            ]
            for (claim, expected) in answers {
                _ = try await h.upstream.enter(h.browser(), at: provider, ["groups": claim])
                #expect(try await groups() == expected)
            }
            let refused = try await h.upstream.enter(h.browser(), at: provider, ["hasgroups": true])
            #expect(refused.status == .forbidden)
            #expect(try await groups() == ["eng"], "what was left out changes nothing")
            try await h.upstream.run(.remove("corp"))
            #expect(try await groups().isEmpty)
        }
    }

    @Test func `a disabled user is refused, and no login begins`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let browser = h.browser()
            _ = try await h.upstream.enter(browser, at: provider)
            let user = try #require(try await h.upstream.identity(at: provider)).userID
            try await h.gatehouse.store.write { [now = h.clock.now] in _ = try $0.users.setDisabled(now, user) }
            #expect(try await h.upstream.login(browser) == nil)
            let answer = try await h.upstream.enter(browser, at: provider)
            #expect(answer.status == .forbidden && answer.element("problem")?.contains("disabled") == true)
        }
    }

    @Test func `only the allowed domains sign in, at every sign-in`() async throws {
        let change: @Sendable (inout IdentityProviderDraft) -> Void = { $0.domains = ["Example.com"] }
        try await UpstreamSteps.withProvider(change: change) { h, provider in
            let cases: [([String: JSON?], HTTPResponse.Status)] = [
                ([:], .forbidden), (["email": "ada@example.com"], .forbidden),
                (["email": "ada@example.com", "email_verified": true], .seeOther),
                (["email": "ada@sub.example.com", "email_verified": true], .forbidden),
                (["hd": "other.example", "email": "a@example.com", "email_verified": true], .forbidden),
                (["hd": "example.com"], .seeOther),
            ]
            for (claims, status) in cases {
                let answer = try await h.upstream.enter(h.browser(), at: provider, claims)
                #expect(answer.status == status, "\(claims)")
            }
            #expect(try await h.upstream.users().count == 2)
        }
    }

    @Test func `only members of a required group sign in, and groups that were left out are no empty list`()
        async throws
    {
        let change: @Sendable (inout IdentityProviderDraft) -> Void = { $0.requiredGroups = ["eng", "ops"] }
        try await UpstreamSteps.withProvider(change: change) { h, provider in
            let cases: [([String: JSON?], String?)] = [
                (["groups": ["ops", "all"]], nil), (["groups": ["all"]], "may not sign in"),
                ([:], "did not send your groups"), (["groups": 7], "did not send your groups"),
                (["_claim_names": ["groups": "src1"]], "too many groups"), (["hasgroups": true], "too many groups"),
            ]
            for (claims, words) in cases {
                let answer = try await h.upstream.enter(h.browser(), at: provider, claims)
                #expect(answer.status == (words == nil ? .seeOther : .forbidden), "\(claims)")
                if let words { #expect(answer.element("problem")?.contains(words) == true, "\(words)") }
            }
        }
    }
}
