import Foundation
import JOSE
import TestSupport
import Testing

@Suite("identity-providers over the admin socket")
struct IdentityProviderCommandTests {
    private static let secret = "the-secret-at-the-provider"

    /// Runs a test against a server that runs, with an OpenID provider beside it.
    private func play(
        settings: String = "", _ test: (RunningGatehouse, LoopbackIdentityProvider, Stage) async throws -> Void
    ) async throws {
        let provider = try await LoopbackIdentityProvider.start()
        provider.change(["end_session_endpoint": .string(provider.issuer + "/logout")])
        try await Stage.play { stage in
            try await test(try await RunningGatehouse.start(on: stage, settings: settings), provider, stage)
        }
        try await provider.stop()
    }

    private func add(
        _ gatehouse: RunningGatehouse, _ provider: LoopbackIdentityProvider, _ more: [String] = []
    ) async throws -> JSONObject {
        try await gatehouse.object(
            [
                "identity-providers", "add", "corp", "--issuer", provider.issuer, "--client-id", "gatehouse",
                "--client-secret-stdin",
            ] + more, input: Self.secret + "\n")
    }

    @Test func `add prints the redirect URIs, list and show the settings, and none of them the secret`() async throws {
        try await play { gatehouse, provider, stage in
            let options = ["--allow-domain", "Example.com", "--home-domain", "example.com", "--accounts", "invited"]
            let added = try await add(gatehouse, provider, options)
            #expect(added["redirect_uri"]?.string == gatehouse.issuer + "/sign-in/corp/callback")
            #expect(added["end_session_endpoint"]?.string == provider.issuer + "/logout")
            let listed = try await gatehouse.object(["identity-providers", "list"])
            let shown = try await gatehouse.object(["identity-providers", "show", "corp"])
            for row in [listed, shown] {
                #expect(row["domains"]?.strings == ["example.com"] && row["home_domains"]?.strings == ["example.com"])
                #expect(row["accounts"] == "invited" && row["issuer"]?.string == provider.issuer)
            }
            let table = try await gatehouse.command(["identity-providers", "list"])
            #expect(table.status == 0 && table.output.contains("corp"))
            for text in [added.text, listed.text, shown.text, table.output, try stage.log("gatehouse")] {
                #expect(!text.contains(Self.secret))
            }
        }
    }

    @Test func `edit changes what it is given, asks before it takes something away, and shows no secret`() async throws
    {
        try await play { gatehouse, provider, stage in
            _ = try await add(gatehouse, provider, ["--group-refresh", "--home-domain", "example.com"])
            let edit = ["identity-providers", "edit", "corp"]
            let nothing = try await gatehouse.command(edit)
            #expect(nothing.status == 2 && nothing.errors.contains("Nothing to change"), "\(nothing.errors)")
            let wrong = try await gatehouse.command(edit + ["--accounts", "anything"])
            #expect(wrong.status == 1 && wrong.errors.contains("'anything' is none of create, link, invited"))
            let changed = try await gatehouse.object(
                edit + [
                    "--accounts", "link", "--require-group", "eng", "--require-group", "ops", "--no-group-refresh",
                    "--home-domain", "example.org", "--acr", "gold", "--client-secret-stdin",
                ], input: "the-second-secret\n")
            #expect(changed["accounts"] == "link" && changed["group_refresh"] == false)
            #expect(changed["required_groups"]?.strings == ["eng", "ops"] && changed["group_claim"] == "groups")
            #expect(changed["home_domains"]?.strings == ["example.org"] && changed["acr_values"]?.strings == ["gold"])
            #expect(changed["scope"] == "openid profile email")
            let standard = ["--require-group", "", "--home-domain", "", "--accounts", ""]
            let table = try await gatehouse.command(edit + standard)
            #expect(table.status == 0 && table.output.contains("required_groups: eng, ops → none"), "\(table.output)")
            let shown = try await gatehouse.object(["identity-providers", "show", "corp"])
            #expect(shown["accounts"] == "create" && shown["home_domains"]?.strings == [])
            #expect(shown["group_claim"] == .null)
            let trail = try await gatehouse.command(["audit", "tail", "--json"])
            #expect(trail.output.contains("identity_provider.changed"))
            for text in [changed.text, table.output, shown.text, trail.output, try stage.log("gatehouse")] {
                #expect(!text.contains(Self.secret) && !text.contains("the-second-secret"))
            }
        }
    }

    @Test func `test says what a sign-in would meet, and what is wrong`() async throws {
        try await play { gatehouse, provider, _ in
            _ = try await add(gatehouse, provider)
            func findings() async throws -> [JSONObject] {
                try await gatehouse.json(["identity-providers", "test", "corp"]).array?.compactMap(\.object) ?? []
            }
            let before = try await findings()
            #expect(before.count > 2 && before.allSatisfy { $0["result"] == "ok" }, "\(before)")
            provider.publish([])
            let after = try await findings()
            let keys = after.first { $0["subject"] == "keys" }
            #expect(keys?["result"] == "problem", "\(after)")
        }
    }

    @Test func `a name that is taken, an unknown one, a wrong domain and an issuer that does not answer are refused`()
        async throws
    {
        try await play { gatehouse, provider, _ in
            _ = try await add(gatehouse, provider)
            let wrong: [([String], String)] = [
                (["add", "corp", "--issuer", provider.issuer, "--client-id", "x"], "already exists"),
                (
                    ["add", "lab", "--issuer", provider.issuer, "--client-id", "x", "--home-domain", "a@b"],
                    "not a domain"
                ),
                (["add", "lab", "--issuer", "http://127.0.0.1:1", "--client-id", "x"], "Cannot fetch"),
                (["show", "lab"], "not found"), (["test", "lab"], "not found"), (["remove", "lab"], "not found"),
            ]
            for (arguments, words) in wrong {
                let run = try await gatehouse.command(["identity-providers"] + arguments)
                #expect(run.status == 1 && run.errors.contains(words), "\(arguments): \(run.errors)")
            }
            #expect(try await gatehouse.json(["identity-providers", "list"]).array?.count == 1)
        }
    }

    @Test func `invitations, imports, resets and policies name the provider, and its removal says what it closes`()
        async throws
    {
        try await play { gatehouse, provider, stage in
            _ = try await add(gatehouse, provider)
            let invited = try await gatehouse.object([
                "users", "invite", "grace", "--email", "grace@example.org", "--identity-provider", "corp",
            ])
            #expect(invited["identity_provider"] == "corp")
            let path = try #require(invited["link"]?.string).dropFirst(gatehouse.issuer.count)
            #expect(try await gatehouse.http.get(String(path)).text.contains("Continue with <bdi>corp</bdi>"))
            let reset = try await gatehouse.object([
                "users", "reset", "grace", "--identity-provider", "corp", "--factors",
            ])
            #expect(reset["identity_provider"] == "corp")
            let unknown = try stage.write("name,identity_provider\nhedy,corp\nida,nowhere\n", to: "unknown.csv")
            let refused = try await gatehouse.command(["users", "import", unknown])
            #expect(refused.status == 1 && refused.errors.contains("'nowhere' of user 'ida' does not exist"))
            let known = try stage.write("name,identity_provider\nhedy,corp\nida,\n", to: "known.csv")
            let rows = try await gatehouse.json(["users", "import", known]).array?.compactMap(\.object) ?? []
            #expect(rows.map { $0["name"] } == ["hedy", "ida"], "the refused file invited nobody")
            let server = try await gatehouse.object([
                "resources", "add", "https://files.example/mcp", "--name", "Files", "--owner", "Grace Hopper",
            ])
            let id = server["client_id"]?.string ?? ""
            let policy = try await gatehouse.object(["resources", "policy", id, "--identity-provider", "corp"])
            #expect(policy["identity_provider"] == "corp")
            let removed = try await gatehouse.command(["identity-providers", "remove", "corp"])
            #expect(removed.status == 0 && removed.errors.contains("Nobody can sign in for Files"), "\(removed.errors)")
            let free = try await gatehouse.object(["resources", "policy", id, "--identity-provider", ""])
            #expect(free["identity_provider"] == .null)
        }
    }

    @Test func `with sign_in.password false, the page offers the provider alone`() async throws {
        try await play(settings: "sign_in: { password: false }") { gatehouse, provider, _ in
            let none = try await gatehouse.http.get("/account").text
            #expect(none.contains("Nobody can sign in at the moment") && !none.contains("type=\"password\""))
            _ = try await add(gatehouse, provider)
            let page = try await gatehouse.http.get("/account").text
            #expect(page.contains("Continue with <bdi>corp</bdi>") && !page.contains("type=\"password\""))
        }
    }
}
