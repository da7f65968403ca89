import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("The commands apply and export-config")
struct ApplyCommandTests {
    private static let file = """
        groups:
          - name: editors
        resources:
          - resource: https://mail.example.org/mcp
            name: Mail
            owner: "Mail: team"
            events_endpoint: ''
            scopes:
              - {name: 'mail:read', description: Read your mail}
              - name: mail:send
                description: Send mail
                on_request: true
            policy:
              longest_session: 8h
              device_grant: no
              access: {groups: [editors]}
        clients:
          - id: desk-two
            name: Desk
            auth: client_secret_basic
            client_secret_file: desk.secret
            redirect_uris: ['https://desk.example/cb']
        rules:
          - {host: '*.bad.example', rule: block}
        """

    @Test func `a file is applied, a second time changes nothing, and the export of it changes nothing`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let secret = ClientSecret.random().reveal()
            let file = try gatehouse.stage.write(Self.file, to: "site.yaml")
            let secretFile = try gatehouse.stage.write(secret + "\n", to: "desk.secret")
            chmod(secretFile, 0o600)
            let first = try await gatehouse("apply", file)
            #expect(first.status == 0, "\(first.errors)")
            #expect(first.output.contains("+ MCP server https://mail.example.org/mcp"))
            #expect(!first.output.contains(secret), "the secret of a file is not printed")
            let second = try await gatehouse("apply", file, "--json")
            #expect(try second.json().object?["changes"] == [], "\(second.errors)")
            let exported = try await gatehouse("export-config")
            #expect(exported.status == 0 && !exported.output.contains(secret), "\(exported.errors)")
            let copy = try gatehouse.stage.write(exported.output, to: "copy.yaml")
            let third = try await gatehouse("apply", copy, "--prune", "--json")
            #expect(try third.json().object?["changes"] == [], "\(third.errors)")
            let piped = try await gatehouse(["apply", "-", "--json"], input: exported.output)
            #expect(try piped.json().object?["changes"] == [], "\(piped.errors)")
            let again = try await gatehouse("export-config")
            #expect(again.output == exported.output)
        }
    }

    @Test func `an export creates the same on an empty database`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let file = try gatehouse.stage.write(
                Self.file.replacing("    client_secret_file: desk.secret\n", with: ""), to: "site.yaml")
            #expect(try await gatehouse("apply", file).status == 0)
            let exported = try await gatehouse("export-config")
            try await CommandLineProgram.onFreshDatabase { other in
                let copy = try other.stage.write(exported.output, to: "copy.yaml")
                let applied = try await other("apply", copy)
                #expect(applied.status == 0 && applied.output.contains("client secret"), "\(applied.errors)")
                #expect(try await other("export-config").output == exported.output)
            }
        }
    }

    @Test func `what ends sessions or removes something is asked first, and only shown by a dry run`() async throws {
        try await SessionWorld.play { world in
            let live = try await world.live()
            let file = try world.gatehouse.stage.write("resources: []\n", to: "none.yaml")
            let dry = try await world.gatehouse("apply", file, "--prune", "--dry-run", "--json")
            #expect(try dry.json().object?["sessions_ended"]?.integer == Int64(live.count), "\(dry.errors)")
            let refused = try await world.gatehouse("apply", file, "--prune")
            #expect(
                refused.status == 2 && refused.errors.contains("Use --yes to apply it and revoke"), "\(refused.errors)")
            #expect(try await world.live() == live)
            let (run, shown) = try await world.gatehouse.inTerminal(["apply", file, "--prune"], typed: "n\n")
            #expect(run.status == 1 && shown.contains("- MCP server \(SessionWorld.resource)"), "\(shown)")
            #expect(try await world.live() == live)
            let done = try await world.gatehouse("apply", file, "--prune", "--yes", "--reason", "moved")
            #expect(done.status == 0, "\(done.errors)")
            #expect(try await world.live().isEmpty)
        }
    }

    private static let wrong: [(String, String)] = [
        ("resources: [", "is not YAML"), ("- a\n- b\n", "must contain sections"),
        ("clients:\n  - {id: a, name: A, client_secret: x}\n", "'client_secret_file'"),
        ("clients:\n  - {id: a, name: A, client_secret_file: none}\n", "cannot be read"),
        ("resource:\n  - {resource: 'https://a.example/'}\n", "Did you mean 'resources'?"),
    ]

    @Test(arguments: wrong)
    func `a wrong file fails with one line`(text: String, sentence: String) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let file = try gatehouse.stage.write(text, to: "site.yaml")
            let run = try await gatehouse("apply", file)
            #expect(run.status == 1 && run.errorLines.count == 1 && run.errors.contains(sentence), "\(run.errors)")
            let missing = try await gatehouse("apply", "/none.yaml")
            #expect(missing.status == 1 && missing.errors.contains("Cannot read the file /none.yaml."))
        }
    }

    @Test func `a secret file that other users can read is refused`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let file = try gatehouse.stage.write(Self.file, to: "site.yaml")
            chmod(try gatehouse.stage.write(ClientSecret.random().reveal(), to: "desk.secret"), 0o644)
            let run = try await gatehouse("apply", file)
            #expect(run.status == 1 && run.errors.contains("chmod"), "\(run.errors)")
        }
    }
}

@Suite("The commands that change MCP servers and clients")
struct EditCommandTests {
    @Test func `resources edit asks before a scope is withdrawn, and says how many sessions it ends`() async throws {
        try await SessionWorld.play { world in
            let live = try await world.live()
            let words = ["resources", "edit", SessionWorld.resource, "--withdraw", "files:read"]
            let dry = try await world.gatehouse(words + ["--dry-run", "--json"])
            #expect(try dry.json().object?["sessions_ended"]?.integer == Int64(live.count), "\(dry.errors)")
            let refused = try await world.gatehouse(words)
            #expect(refused.status == 2 && refused.errors.contains("--yes"), "\(refused.errors)")
            let (run, shown) = try await world.gatehouse.inTerminal(words, typed: "n\n")
            #expect(run.status == 1 && shown.contains("scope files:read: removed"), "\(shown)")
            #expect(try await world.live() == live)
            let done = try await world.gatehouse(words + ["--yes"])
            #expect(done.status == 0, "\(done.errors)")
            #expect(try await world.live().isEmpty)
        }
    }

    @Test func `resources edit changes owner, name and scopes without a question`() async throws {
        try await SessionWorld.play { world in
            let run = try await world.gatehouse(
                "resources", "edit", SessionWorld.resource, "--owner", "Data", "--name", "Papers", "--scope",
                "files:read=See", "--on-request", "files:write=Write", "--by-default", "files:read")
            #expect(run.status == 0 && run.output.contains("owner: Team → Data"), "\(run.errors)")
            let shown = try #require(
                try await world.gatehouse("resources", "show", SessionWorld.resource, "--json").json().object)
            #expect(shown["owner"] == "Data" && shown["name"] == "Papers")
            #expect(shown["scopes"] == ["files:read", "files:write"] && shown["on_request"] == ["files:write"])
        }
    }

    @Test(arguments: [
        ["resources", "edit", "res_x"], ["resources", "edit", "res_x", "--scope", "files:read"],
        ["resources", "edit", "res_x", "--on-request", "a", "--by-default", "a"], ["clients", "edit", "desk"],
    ])
    func `a change of nothing is a usage error`(words: [String]) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse(words)
            #expect(run.status == 2 && run.errors.hasPrefix("Error: "), "\(run.errors)")
        }
    }

    @Test func `clients edit asks before sessions end, and rotate-secret prints a secret once`() async throws {
        try await SessionWorld.play { world in
            let added = try await world.gatehouse(
                "resources", "add", "https://other.example/mcp", "--name", "Other", "--owner", "Team")
            #expect(added.status == 0)
            let words = ["clients", "edit", "desk", "--resource", "https://other.example/mcp"]
            let refused = try await world.gatehouse(words)
            #expect(refused.status == 2 && refused.errors.contains("revoke 1 session"), "\(refused.errors)")
            let done = try await world.gatehouse(words + ["--yes", "--json"])
            #expect(try done.json().object?["sessions_ended"] == 1, "\(done.errors)")
            #expect(try await !world.live().contains("ada"))
            let named = try await world.gatehouse("clients", "edit", "desk", "--name", "Desk Two")
            #expect(named.status == 0 && named.output.contains("name: Desk → Desk Two"))
            let vault = try await world.gatehouse(
                "clients", "add", "--id", "vault", "--name", "V", "--redirect-uri", "https://v.example/cb", "--auth",
                "client_secret_post")
            #expect(vault.status == 0)
            let rotated = try await world.gatehouse("clients", "rotate-secret", "vault", "--overlap", "1h", "--json")
            let row = try #require(try rotated.json().object)
            #expect(row["client_secret"]?.string?.hasPrefix("gate_s_") == true)
            #expect(row["previous_secret_until"]?.string != nil)
            let open = try await world.gatehouse("clients", "rotate-secret", "desk")
            #expect(open.status == 1 && open.errors.contains("has no secret"))
        }
    }
}
