import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Providers and identity providers in a document")
struct ApplyProviderTests {
    private func apply(
        _ h: Harness, _ document: JSONObject, prunes: Bool = false, isDryRun: Bool = false
    ) async throws -> AdministrationAnswer {
        try await h.upstream.run(
            .configuration(
                .apply(ApplyDraft(document: JSON.object(document).text, prunes: prunes, isDryRun: isDryRun))))
    }

    private static func hub(_ changes: JSONObject = [:]) -> JSONObject {
        var provider: JSONObject = [
            "name": "hub", "owner": "Platform team", "client_id": "gatehouse", "auth": "client_secret_basic",
            "client_secret": "hub-secret-canary", "authorization_endpoint": "https://hub.example/authorize",
            "token_endpoint": "https://hub.example/token",
            "allowed": [
                ["resource": "https://files.example/mcp", "scopes": ["repo", "user"], "same_as": ["user=profile"]]
            ],
        ]
        for (name, value) in changes.members { provider[name] = value }
        return ["providers": [.object(provider)]]
    }

    @Test func `a provider is added with its rules, stays the same, and gets a new secret once`() async throws {
        try await Harness.run { h in
            let answer = try await apply(h, Self.hub())
            #expect(!answer.json.text.contains("hub-secret-canary"))
            let exported = try await h.changes.exported()
            #expect(exported["providers"]?.array?.first?.object?["allowed"]?.array?.count == 1)
            #expect(!JSON.object(exported).text.contains("hub-secret-canary"))
            let records = try await h.changes.trail()
            #expect(try await apply(h, Self.hub()).note == "Nothing changes.")
            #expect(try await h.changes.trail() == records)
            let rotated = try await apply(h, Self.hub(["client_secret": "hub-second-canary"]))
            #expect(rotated.rows.first?["secrets_replaced"] == ["provider hub"])
            #expect(try await apply(h, Self.hub(["client_secret": "hub-second-canary"])).note == "Nothing changes.")
            #expect(try await h.records(.providerChanged).count == 1)
            let narrowed = try await apply(h, Self.hub(["client_secret": .null, "allowed": []]))
            #expect(narrowed.rows.first?["changes"]?.array?.count == 1)
            #expect(try await h.records(.providerForbidden).count == 1)
        }
    }

    @Test(
        arguments: [
            (["client_id": "another"], "'client_id' of provider 'hub' cannot change"),
            (["owner": "Data team"], "'owner' of provider 'hub' cannot change"),
            (["allowed": [["resource": "https://none.example/", "scopes": ["repo"]]]], "not found"),
            (["allowed": [["resource": "https://files.example/mcp", "scopes": []]]], "must have 'scopes'"),
            (["tokn_endpoint": "x"], "Did you mean 'token_endpoint'?"),
        ] as [(JSONObject, String)])
    func `what a provider cannot become is refused, and nothing changes`(
        changes: JSONObject, sentence: String
    ) async throws {
        try await Harness.run { h in
            _ = try await apply(h, Self.hub())
            let (before, records) = (try await h.changes.exported(), try await h.changes.trail())
            let error = await #expect(throws: AdministrationError.self) {
                try await apply(h, Self.hub(changes))
            }
            #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
            #expect(try await h.changes.exported() == before)
            #expect(try await h.changes.trail() == records)
        }
    }

    @Test func `an owner changes only together with the providers of the MCP server`() async throws {
        try await Harness.run { h in
            _ = try await apply(h, Self.hub())
            let error = await #expect(throws: AdministrationError.self) {
                try await h.changes.edit(ResourceChange(owner: "Data team"))
            }
            #expect(error?.kind == .conflict && error?.description.contains("'hub'") == true)
            #expect(try await h.records(.resourceChanged).isEmpty)
            _ = try await apply(h, Self.hub(["client_secret": .null, "allowed": []]))
            try await h.changes.edit(ResourceChange(owner: "Data team"))
        }
    }

    @Test func `an identity provider is discovered, changed and pruned, and an export of it changes nothing`()
        async throws
    {
        let provider = try await LoopbackIdentityProvider.start()
        try await Harness.run { h in
            let corp: JSONObject = [
                "name": "corp", "issuer": .string(provider.issuer), "client_id": "gatehouse",
                "client_secret": "upstream-secret-canary", "domains": ["corp.example"],
                "home_domains": ["corp.example"],
            ]
            let document: JSONObject = [
                "identity_providers": [.object(corp)],
                "resources": [["resource": "https://files.example/mcp", "policy": ["identity_provider": "corp"]]],
            ]
            let preview = try await apply(h, document, isDryRun: true)
            #expect(try await h.changes.exported()["identity_providers"] == [])
            let added = try await apply(h, document)
            #expect(added.rows.first?["changes"] == preview.rows.first?["changes"])
            let exported = try await h.changes.exported()
            let row = try #require(exported["identity_providers"]?.array?.first?.object)
            #expect(row["domains"] == ["corp.example"] && row["home_domains"] == ["corp.example"])
            #expect(!JSON.object(exported).text.contains("upstream-secret-canary"))
            let records = try await h.changes.trail()
            #expect(try await apply(h, document).note == "Nothing changes.")
            #expect(try await apply(h, exported, prunes: true).note == "Nothing changes.")
            #expect(try await h.changes.trail() == records)
            var other = corp
            other["domains"] = ["corp.example", "lab.example"]
            let changed = try await apply(h, ["identity_providers": [.object(other)]])
            #expect(changed.rows.first?["changes"]?.array?.count == 1)
            #expect(try await h.records(.identityProviderChanged).count == 1)
            var moved = corp
            moved["issuer"] = "https://other.example"
            let error = await #expect(throws: AdministrationError.self) {
                try await apply(h, ["identity_providers": [.object(moved)]])
            }
            #expect(error?.description.contains("issuer") == true)
            _ = try await apply(h, ["identity_providers": []], prunes: true)
            #expect(try await h.changes.exported()["identity_providers"] == [])
            #expect(try await h.records(.identityProviderRemoved).count == 1)
        }
        try await provider.stop()
    }
}
