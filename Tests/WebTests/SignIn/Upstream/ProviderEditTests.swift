import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Changing an identity provider that is in use")
struct ProviderEditTests {
    private static func change(_ edit: (inout IdentityProviderChange) -> Void) -> IdentityProviderChange {
        var change = IdentityProviderChange()
        edit(&change)
        return change
    }

    private static func options(_ options: [String: [String]]) -> IdentityProviderChange {
        change { $0.options = options }
    }

    private func effects(_ h: Harness, _ change: IdentityProviderChange) async throws -> [String] {
        try await h.upstream.run(.effects("corp", change)).rows.compactMap { $0["effect"]?.string }
    }

    private func claims(_ address: String, groups: [String] = []) -> [String: JSON?] {
        ["email": .string(address), "email_verified": true, "groups": .strings(groups)]
    }

    @Test func `a narrower domain ends the logins that it excludes and no other, and says so first`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let (ada, bob) = (h.browser(), h.browser())
            _ = try await h.upstream.enter(ada, at: provider, as: "ada-up", claims("ada@example.com"))
            _ = try await h.upstream.enter(bob, at: provider, as: "bob-up", claims("bob@example.org"))
            let narrower = Self.options(["domains": ["example.com"]])
            let said = try await effects(h, narrower)
            #expect(said.count == 1 && said.first?.contains("1 browser login ends") == true, "\(said)")
            #expect(try await h.upstream.login(bob) != nil, "nothing changes before the answer")
            #expect(try await h.records(.identityProviderChanged).isEmpty)
            let answer = try await h.upstream.run(.edit("corp", narrower))
            #expect(answer.rows.first?["domains"]?.strings == ["example.com"])
            #expect(answer.note?.contains("1 browser login ends") == true)
            #expect(try await h.upstream.login(ada) != nil)
            #expect(try await h.upstream.login(bob) == nil)
            #expect(try await h.records(.personSignedOut).count == 1)
            let refused = try await h.upstream.enter(h.browser(), at: provider, as: "bob-up", claims("bob@example.org"))
            #expect(refused.status == .forbidden)
            for wider in [["domains": ["example.com", "example.org"]], ["domains": []], ["accounts": ["link"]]] {
                #expect(try await effects(h, Self.options(wider)).isEmpty, "\(wider)")
                try await h.upstream.run(.edit("corp", Self.options(wider)))
            }
            #expect(try await h.upstream.login(ada) != nil)
        }
    }

    @Test func `a required group ends the logins without it, also those whose groups nobody read`() async throws {
        let start: @Sendable (inout IdentityProviderDraft) -> Void = { $0.groupClaim = ["groups"] }
        try await UpstreamSteps.withProvider(change: start) { h, provider in
            let (ada, bob) = (h.browser(), h.browser())
            _ = try await h.upstream.enter(ada, at: provider, as: "ada-up", claims("ada@x.example", groups: ["eng"]))
            _ = try await h.upstream.enter(bob, at: provider, as: "bob-up", claims("bob@x.example", groups: ["ops"]))
            try await h.upstream.run(.edit("corp", Self.options(["required_groups": ["eng"]])))
            #expect(try await h.upstream.login(ada) != nil)
            #expect(try await h.upstream.login(bob) == nil)
            let other = Self.options(["group_claim": ["roles"]])
            #expect(try await effects(h, other).contains { $0.contains("browser login ends") })
            try await h.upstream.run(.edit("corp", other))
            #expect(try await h.upstream.login(ada) == nil, "the groups of the former claim prove nothing")
        }
    }

    @Test func `groups of a claim that is no longer read are forgotten, and other changes keep them`() async throws {
        let start: @Sendable (inout IdentityProviderDraft) -> Void = { $0.groupClaim = ["groups"] }
        try await UpstreamSteps.withProvider(change: start) { h, provider in
            let corp = try GroupSource(provider: ProviderName("corp"))
            try await h.gatehouse.store.write { [now = h.clock.now] transaction in
                _ = try transaction.groups.insert(
                    Group(name: "corp-eng", source: corp, claim: "eng", createdAt: now))
            }
            _ = try await h.upstream.enter(h.browser(), at: provider, claims("ada@x.example", groups: ["eng"]))
            let user = try #require(try await h.upstream.identity(at: provider)).userID
            func groups() async throws -> Int {
                try await h.gatehouse.store.read { try $0.groups.memberships(of: user) }.count
            }
            try await h.upstream.run(.edit("corp", Self.options(["logout": ["sessions"]])))
            #expect(try await groups() == 1)
            #expect(try await effects(h, Self.options(["group_claim": []])).first?.contains("1 user") == true)
            try await h.upstream.run(.edit("corp", Self.options(["group_claim": []])))
            #expect(try await groups() == 0)
        }
    }

    @Test func `refresh tokens go with the option and with the client, and stay otherwise`() async throws {
        for (change, isKept) in [
            (Self.options(["group_refresh": ["false"]]), false), (Self.change { $0.clientID = "other" }, false),
            (Self.options(["accounts": ["link"]]), true),
        ] {
            let start: @Sendable (inout IdentityProviderDraft) -> Void = { $0.refreshesGroups = ["true"] }
            try await UpstreamSteps.withProvider(change: start) { h, provider in
                provider.offer(refreshToken: "renewal-canary")
                _ = try await h.upstream.enter(h.browser(), at: provider, claims("ada@x.example", groups: ["eng"]))
                try await h.upstream.run(.edit("corp", change))
                let corp = try ProviderName("corp")
                let left = try await h.gatehouse.store.read { try $0.upstreamRefreshTokens.count(of: corp) }
                #expect(left == (isKept ? 1 : 0))
            }
        }
    }

    @Test func `the next sign-in uses the new client, secret and endpoint, and the record names no secret`()
        async throws
    {
        try await UpstreamSteps.withProvider { h, provider in
            let change = Self.change {
                $0.clientID = "gatehouse-2"
                $0.clientSecret = "second-canary"
                $0.authMethod = "client_secret_post"
                $0.endSessionEndpoint = provider.issuer + "/out"
            }
            let answer = try await h.upstream.run(.edit("corp", change))
            _ = try await h.upstream.enter(h.browser(), at: provider, ["aud": "gatehouse-2"])
            let request = try #require(provider.tokenRequests.last)
            #expect(request.contains("client_id=gatehouse-2") && request.contains("client_secret=second-canary"))
            let record = try #require(try await h.records(.identityProviderChanged).first)
            #expect(record.reason == "identity provider corp")
            #expect(record.explanation?.contains("client_id: gatehouse → gatehouse-2") == true)
            #expect(record.explanation?.contains("client_secret: replaced") == true)
            #expect(record.explanation?.contains("end_session_endpoint: none → ") == true)
            #expect(!"\(answer)\(record)".contains("canary"))
            let sealed = try await h.gatehouse.store.read { transaction in
                try transaction.sealedValues.list(in: .identityProviders, after: "", limit: 9)
            }
            #expect(sealed.count == 1)
        }
    }

    @Test func `a key takes the place of the secret, and a secret that of the key`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            let keyed = try await h.upstream.run(.edit("corp", Self.change { $0.usesKey = true })).rows.first
            #expect(keyed?["auth"] == "private_key_jwt" && keyed?["client_jwks"]?.string != nil)
            #expect(try await h.gatehouse.store.read { try $0.sealedValues.count() } == 0)
            _ = try await h.upstream.enter(h.browser(), at: provider)
            #expect(provider.tokenRequests.last?.contains("client_assertion=") == true)
            let secret = Self.change { $0.clientSecret = "second-canary" }
            let back = try await h.upstream.run(.edit("corp", secret)).rows.first
            #expect(back?["auth"] == "client_secret_basic" && back?["assertion_audience"] == .null)
            let sealed = try await h.gatehouse.store.read { transaction in
                try transaction.sealedValues.list(in: .identityProviders, after: "", limit: 9)
            }
            #expect(sealed.count == 1)
        }
    }

    @Test func `a change that could not work changes nothing`() async throws {
        let start: @Sendable (inout IdentityProviderDraft) -> Void = { $0.homeDomains = ["example.com"] }
        try await UpstreamSteps.withProvider(change: start) { h, provider in
            try await h.upstream.add(provider, as: "lab") { $0.homeDomains = ["lab.example"] }
            let before = try await h.upstream.run(.show("corp")).rows
            let wrong = [
                Self.options(["domains": ["@ex.com"]]), Self.options(["accounts": ["anything"]]),
                Self.options(["unheard_of": ["x"]]), Self.change { $0.clientID = " " },
                Self.change { $0.homeDomains = ["example.org", "lab.example"] },
                Self.change { $0.homeDomains = ["a@b"] }, Self.change { $0.authMethod = "none" },
                Self.change { $0.assertionAudience = "issuer" }, Self.change { $0.tokenEndpoint = "nonsense" },
                Self.change {
                    $0.clientSecret = "x"
                    $0.usesKey = true
                },
            ]
            for change in wrong {
                let isRefused = try await h.upstream.isRefused { try await h.upstream.run(.edit("corp", change)) }
                #expect(isRefused, "\(change)")
            }
            let isUnknown = try await h.upstream.isRefused {
                try await h.upstream.run(.edit("nowhere", Self.options(["accounts": ["link"]])))
            }
            #expect(isUnknown)
            #expect(try await h.upstream.run(.show("corp")).rows == before)
            #expect(try await h.records(.identityProviderChanged).isEmpty)
            let same = try await h.upstream.run(.edit("corp", Self.change { $0.homeDomains = ["example.com"] }))
            #expect(same.note == "Nothing changed.")
            #expect(try await h.records(.identityProviderChanged).isEmpty)
        }
    }

    @Test func `metadata is read again on request alone, and a typed endpoint stays typed`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            provider.change([
                "token_endpoint": .string(provider.issuer + "/moved"), "acr_values_supported": ["gold"],
            ])
            let kept = try await h.upstream.run(.edit("corp", Self.options(["accounts": ["link"]]))).rows.first
            #expect(kept?["token_endpoint"]?.string == provider.issuer + "/token")
            #expect(kept?["acr_values"]?.strings == [])
            let read = try await h.upstream.run(.edit("corp", Self.change { $0.discovers = true })).rows.first
            #expect(read?["token_endpoint"]?.string == provider.issuer + "/moved")
            #expect(read?["acr_values"]?.strings == ["gold"] && read?["accounts"] == "link")
            let named = Self.change { $0.keysURL = "http://127.0.0.1:9/jwks" }
            let typed = try await h.upstream.run(.edit("corp", named)).rows.first
            #expect(typed?["jwks_url"] == "http://127.0.0.1:9/jwks")
            let found = try await h.upstream.run(.edit("corp", Self.change { $0.keysURL = "" })).rows.first
            #expect(found?["jwks_url"]?.string == provider.issuer + "/jwks")
        }
    }

    @Test func `a sign-in that is under way meets the new rule, and of many at once none passes it`() async throws {
        try await UpstreamSteps.withProvider { h, provider in
            var departures: [(TestBrowser, UpstreamSteps.Departure, String)] = []
            for number in 0..<6 {
                let browser = h.browser()
                let departure = try await h.upstream.depart(browser, from: browser.get("/account"))
                let token = try h.upstream.idToken(
                    departure, of: provider, subject: "bob-\(number)", claims("bob@example.org"))
                provider.prepare(token, for: "code-\(number)")
                departures.append((browser, departure, "code-\(number)"))
            }
            let narrower = Self.options(["domains": ["example.com"]])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (browser, departure, code) in departures {
                    group.addTask { _ = try await h.upstream.comeBack(browser, departure, ["code": code]) }
                }
                group.addTask { _ = try await h.upstream.run(.edit("corp", narrower)) }
                try await group.waitForAll()
            }
            for (browser, _, _) in departures { #expect(try await h.upstream.login(browser) == nil) }
            let browser = h.browser()
            let departure = try await h.upstream.depart(browser, from: browser.get("/account"))
            provider.prepare(try h.upstream.idToken(departure, of: provider, claims("ada@example.com")))
            try await h.upstream.run(.edit("corp", Self.options(["accounts": ["link"]])))
            let answer = try await h.upstream.comeBack(browser, departure)
            #expect(answer.status == .forbidden && answer.text.contains("is not linked"))
            #expect(try await h.upstream.login(browser) == nil)
        }
    }
}
