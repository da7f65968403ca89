import AuthorizationServer
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("What is shown of one user")
struct UserDescriptionTests {
    private func show(_ name: String, _ h: Harness) async throws -> JSONObject {
        try #require(try await h.administer(.users(.show(name: name))).rows.first)
    }

    @Test func `a user with a password alone has groups, logins and sessions, and no identity`() async throws {
        try await Harness.run { h in
            try await h.addGroup("eng")
            _ = try await h.tokens()
            let row = try await show("ADA", h)
            #expect(row["name"] == "ada" && row["state"] == "enabled" && row["password"] == true)
            #expect(row["identities"] == [] && row["browser_logins"] == 1 && row["sessions"] == 1)
            let group = try #require(row["groups"]?.array?.first?.object)
            #expect(group["name"] == "eng" && group["source"] == "local" && group["stated_at"] == .null)
            #expect(try await show(h.user.subject.string, h)["id"] == row["id"])
            h.clock.advance(by: 43_200)
            let later = try await show("ada", h)
            #expect(later["browser_logins"] == 0 && later["sessions"] == 0)
        }
    }

    @Test func `each linked account shows what its provider said at the last sign-in, and when`() async throws {
        let change: @Sendable (inout IdentityProviderDraft) -> Void = { $0.groupClaim = ["groups"] }
        try await UpstreamSteps.withProvider(change: change) { h, provider in
            let time = h.clock.now.seconds - 30
            _ = try await h.upstream.enter(
                h.browser(), at: provider,
                [
                    "email": "ada@corp.example", "email_verified": false, "groups": ["eng", "all"],
                    "acr": "urn:example:gold", "amr": ["hwk"], "auth_time": .integer(time),
                ])
            let row = try await show("ada.l@corp", h)
            #expect(row["password"] == false && row["groups"] == [])
            let said = try #require(row["identities"]?.array?.first?.object)
            #expect(said["provider"] == "corp" && said["issuer"] == .string(provider.issuer))
            #expect(said["subject"] == "ada-upstream" && said["registered"] == true)
            #expect(said["name"] == "Ada Lovelace" && said["preferred_username"] == "ada.l")
            #expect(said["email"] == "ada@corp.example" && said["email_verified"] == false)
            #expect(said["groups"] == ["eng", "all"] && said["acr"] == "urn:example:gold" && said["amr"] == ["hwk"])
            #expect(said["auth_time"] == .string(Timestamp(seconds: time).rfc3339))
            #expect(said["signed_in_at"] == .string(h.clock.now.rfc3339))
            _ = try await h.upstream.enter(h.browser(), at: provider, ["name": nil, "auth_time": nil])
            let next = try #require(try await show("ada.l@corp", h)["identities"]?.array?.first?.object)
            #expect(next["email"] == .null && next["acr"] == .null && next["auth_time"] == .null)
            #expect(next["email_verified"] == .null && next["groups"] == [])
        }
    }

    @Test func `the account of a removed provider stays, and a provider of its issuer finds the same user again`()
        async throws
    {
        try await UpstreamSteps.withProvider { h, provider in
            _ = try await h.upstream.enter(h.browser(), at: provider)
            try await h.upstream.run(.remove("corp"))
            let orphaned = try await show("ada.l@corp", h)
            #expect(orphaned["identities"]?.array?.first?.object?["registered"] == false)
            #expect(orphaned["browser_logins"] == 0)
            try await h.upstream.add(provider, as: "again")
            _ = try await h.upstream.enter(h.browser(), at: provider, named: "again")
            #expect(try await h.upstream.users().map(\.name) == ["ada", "ada.l@corp"])
            let found = try await show("ada.l@corp", h)
            let said = try #require(found["identities"]?.array?.first?.object)
            #expect(said["registered"] == true && said["provider"] == "again")
        }
    }

    @Test func `an unknown user is named in the error`() async throws {
        try await Harness.run { h in
            let error = await #expect(throws: AdministrationError.self) {
                try await h.administer(.users(.show(name: "nobody")))
            }
            #expect(error?.description.contains("'nobody' not found") == true)
        }
    }
}
