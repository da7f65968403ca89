import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("Commands about an MCP server's reach")
struct SessionPolicyCommandTests {
    private static let uri = "https://files.example.org/mcp"

    private func onResource(_ test: (CommandLineProgram) async throws -> Void) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let added = try await gatehouse(
                "resources", "add", Self.uri, "--name", "Files", "--owner", "Platform team", "--scope",
                "files:read=Read your files", "--on-request", "files:write=Change and delete your files")
            #expect(added.status == 0, "\(added.errors)")
            try await test(gatehouse)
        }
    }

    private func policy(
        _ gatehouse: CommandLineProgram, _ words: String..., environment: [String: String] = [:]
    ) async throws -> JSONObject {
        let run = try await gatehouse(
            ["resources", "policy", Self.uri, "--json"] + words, environment: environment)
        return try #require(try run.json().object, "\(run.errors)")
    }

    /// Value and origin of a setting, such as `8h policy`.
    private func said(_ row: JSONObject, _ name: String) -> String {
        let said = row[name]?.object ?? JSONObject()
        let value = said["value"]?.strings?.joined(separator: " ") ?? said["value"]?.string ?? "?"
        return "\(value) \(said["from"]?.string ?? "?")"
    }

    @Test func `settings for sessions are shown with their origin, changed and reset`() async throws {
        try await onResource { gatehouse in
            let configured = ["GATEHOUSE_SESSIONS_IDLE": "3d", "GATEHOUSE_TOKENS_ACCESS": "7m"]
            let fresh = try await policy(gatehouse, environment: configured)
            #expect(said(fresh, "longest_session") == "30d configuration")
            #expect(said(fresh, "session_choices") == "1h 12h 30d configuration")
            #expect(said(fresh, "preselected") == "12h configuration")
            #expect(said(fresh, "idle_limit") == "3d configuration")
            #expect(said(fresh, "token_life") == "7m configuration")
            #expect(said(fresh, "client_hosts") == " configuration")
            let set = try await policy(
                gatehouse, "--longest-session", "8h", "--idle-limit", "1d", "--session-choice", "4h",
                "--session-choice", "30m", "--token-life", "5m", "--client-host", "App.Example", "--client-host",
                "app.example", "--client-host", "desk.example", environment: configured)
            #expect(said(set, "longest_session") == "8h policy")
            #expect(said(set, "session_choices") == "30m 4h policy")
            #expect(said(set, "preselected") == "4h policy")
            #expect(said(set, "idle_limit") == "24h policy")
            #expect(said(set, "token_life") == "5m policy")
            #expect(said(set, "client_hosts") == "app.example desk.example policy")
            let shown = try #require(try await gatehouse(["resources", "show", Self.uri, "--json"]).json().object)
            #expect(set["sessions_ended"] == 0)
            for (name, value) in set.members where name != "sessions_ended" {
                #expect(shown[name] == value, "\(name)")
            }
            let some = try await policy(gatehouse, "--session-choice", "default", "--client-host", "any")
            #expect(said(some, "session_choices") == "1h 8h policy")
            #expect(said(some, "client_hosts") == " configuration" && said(some, "token_life") == "5m policy")
            let back = try await policy(
                gatehouse, "--longest-session", "default", "--idle-limit", "default", "--token-life", "default",
                environment: configured)
            #expect(back == fresh)
            let records = try #require(try await gatehouse(["audit", "tail", "--json"]).json().array)
            let changes = records.compactMap { $0.object?["action"]?.string }.count { $0 == "resource.policy_changed" }
            #expect(changes == 3)
        }
    }

    private static let refused: [([String], String)] = [
        (["--longest-session", "8"], "'8' for --longest-session: must be a duration from 1m to 365d"),
        (["--longest-session", "59s"], "'59s' for --longest-session"),
        (["--longest-session", "366d"], "'366d' for --longest-session"),
        (["--longest-session", ""], "'' for --longest-session"),
        (["--idle-limit", "soon"], "'soon' for --idle-limit"),
        (["--token-life", "61m"], "'61m' for --token-life: must be a duration from 1m to 1h"),
        (["--token-life", "30s"], "'30s' for --token-life"),
        (["--token-life", "99999999999999999d"], "for --token-life"),
        (["--session-choice", "1h", "--session-choice", "default"], "'default' for --session-choice"),
        ((1...9).flatMap { ["--session-choice", "\($0)h"] }, "at most 8"),
        (["--client-host", "https://app.example/"], "'https://app.example/' is not a host"),
        (["--client-host", "app.example:8443"], "'app.example:8443' is not a host"),
        (["--client-host", "*.example"], "'*.example' is not a host"),
        (["--client-host", "app.example", "--client-host", "any"], "'any' is not a host"),
        ((1...101).flatMap { ["--client-host", "h\($0).example"] }, "at most 100"),
        (["--token-life", "5m", "--longest-session", "never"], "'never' for --longest-session"),
    ]

    @Test(arguments: refused)
    func `an invalid setting for sessions fails with one line and changes nothing`(
        words: [String], sentence: String
    ) async throws {
        try await onResource { gatehouse in
            let before = try await policy(gatehouse)
            let run = try await gatehouse(["resources", "policy", Self.uri] + words)
            #expect(run.status == 1 && run.errorLines.count == 1 && run.errors.contains(sentence), "\(run.errors)")
            #expect(try await policy(gatehouse) == before)
            let records = try #require(try await gatehouse(["audit", "tail", "--json"]).json().array)
            #expect(!records.contains { $0.object?["action"]?.string == "resource.policy_changed" })
        }
    }

    @Test func `a stricter policy remarks that live sessions keep their limits`() async throws {
        try await onResource { gatehouse in
            let length = try await gatehouse("resources", "policy", Self.uri, "--longest-session", "8h")
            #expect(length.output.contains("'gatehouse sessions revoke"))
            let life = try await gatehouse("resources", "policy", Self.uri, "--token-life", "5m")
            #expect(life.output.contains("tokens issued from now on") && !life.output.contains("keep"))
            #expect(
                !(try await gatehouse("resources", "policy", Self.uri, "--token-life", "5m")).output.contains(
                    "from now on"))
            let help = try await gatehouse("resources", "policy", "--help").output
            for words in ["--longest-session", "--client-host", "'clients add' stay", "sessions revoke"] {
                #expect(help.replacing(#/\s+/#, with: " ").contains(words), "\(words)")
            }
        }
    }

    @Test func `resources show prints the whole policy, as JSON and in 80 columns`() async throws {
        try await onResource { gatehouse in
            _ = try await gatehouse(
                "resources", "policy", Self.uri, "--action", "books.close=ask", "--elicitation", "confirm,connect",
                "--external-host", "pay.example", "--longest-session", "8h", "--client-host", "app.example")
            let provider = try await gatehouse(
                "providers", "add", "github", "--owner", "Platform team", "--client-id", "abc",
                "--authorization-endpoint", "https://github.example/authorize", "--token-endpoint",
                "https://github.example/token")
            #expect(provider.status == 0, "\(provider.errors)")
            let allowed = try await gatehouse(
                "providers", "allow", "github", Self.uri, "--scope", "repo", "--scope", "read:user")
            #expect(allowed.status == 0, "\(allowed.errors)")
            let shown = try #require(try await gatehouse("resources", "show", Self.uri, "--json").json().object)
            #expect(shown["owner"]?.string == "Platform team" && shown["live_sessions"]?.integer == 0)
            #expect(shown["scopes"]?.strings == ["files:read", "files:write"])
            #expect(shown["providers"]?.object?["github"]?.strings?.sorted() == ["read:user", "repo"])
            #expect(shown["actions"]?.strings == ["books.close=ask"] && shown["events"]?.string == "polled")
            #expect(shown["elicitation"]?.strings == ["confirm", "connect"])
            #expect(shown["external_hosts"]?.strings == ["pay.example"])
            let run = try await gatehouse(["resources", "show", Self.uri], environment: ["COLUMNS": "80"])
            let lines = run.output.split(separator: "\n").map(String.init)
            #expect(lines.allSatisfy { $0.count <= 80 }, "\(run.output)")
            for line in [
                #/owner +Platform team/#, #/longest session +8h \(policy\)/#,
                #/session choices +1h, 8h \(policy\)/#, #/idle limit +14d \(configuration\)/#,
                #/client hosts +app\.example \(policy\)/#,
                #/providers +github  repo, read:user|providers +github  read:user, repo/#,
                #/actions +books\.close=ask/#, #/ +files:write +Change and delete your files/#, #/live sessions +0/#,
            ] { #expect(lines.contains { $0.wholeMatch(of: line) != nil }, "\(run.output)") }
        }
    }

    @Test(arguments: ["", "   ", "\u{202E}Team"])
    func `an MCP server requires an owner`(owner: String) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse("resources", "add", Self.uri, "--name", "Files", "--owner", owner)
            #expect(run.status == 1 && run.errorLines.count == 1 && run.errors.contains("The owner"), "\(run.errors)")
            #expect(try await gatehouse("resources", "add", Self.uri, "--name", "Files").status == 2)
            #expect(try await gatehouse("resources", "list", "--json").json() == [])
        }
    }
}
