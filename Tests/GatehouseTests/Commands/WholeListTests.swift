import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("Commands that list and that change in bulk")
struct WholeListTests {
    private static let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))

    private static func play(users count: Int, _ test: (CommandLineProgram) async throws -> Void) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            try await gatehouse.withStore { store in
                try await store.write { tx in
                    for number in 0..<count {
                        try tx.users.insert(
                            User(name: "user-\(1000 + number)", createdAt: Self.now))
                    }
                }
            }
            try await test(gatehouse)
        }
    }

    private static func names(_ json: JSON?) -> [String] {
        json?.array?.compactMap { $0.object?["name"]?.string } ?? []
    }

    /// The JSON of a run, without a limit of its length.
    private static func long(_ run: CommandLineProgram.Run) throws -> JSON {
        try JSON.parse(Array(run.output.utf8), limits: JSON.Limits(bytes: 1 << 24, members: 1_000_000))
    }

    @Test func `--all prints the whole list in one array, and nothing on standard error`() async throws {
        try await Self.play(users: 1203) { gatehouse in
            let cut = try await gatehouse("users", "list", "--json")
            #expect(Self.names(try cut.json()).count == 100)
            #expect(cut.errors.contains("--all") && cut.errors.contains("--after "))
            let whole = try await gatehouse("users", "list", "--json", "--all")
            let names = Self.names(try Self.long(whole))
            #expect(whole.status == 0 && whole.errors.isEmpty)
            #expect(names.count == 1203 && Set(names).count == 1203 && names == names.sorted())
            let table = try await gatehouse("users", "list", "--all")
            #expect(table.output.contains("user-1000") && table.output.contains("user-2202"))
            let place = try #require(try cut.json().array?.last?.object?["id"]?.string)
            let rest = try await gatehouse("users", "list", "--json", "--all", "--after", place)
            #expect(Self.names(try Self.long(rest)).count == 1103)
        }
    }

    @Test func `--page prints items and next, which is null on the last page`() async throws {
        try await Self.play(users: 25) { gatehouse in
            var seen: [String] = []
            var words: [String] = []
            for round in 1...3 {
                let run = try await gatehouse(["users", "list", "--page", "--limit", "10"] + words)
                #expect(run.status == 0 && run.errors.isEmpty)
                let page = try #require(try run.json().object)
                #expect(page.members.map(\.name) == ["items", "next"])
                seen += Self.names(page["items"])
                #expect((page["next"] == .null) == (round == 3))
                words = page["next"]?.string.map { ["--after", $0] } ?? []
            }
            #expect(seen.count == 25 && Set(seen).count == 25)
            for list in [
                ["sessions"], ["elicitations"], ["jobs"], ["events"], ["connections"], ["clients"], ["resources"],
            ] {
                let empty = try await gatehouse(list + ["list", "--page"])
                #expect(empty.output == #"{"items":[],"next":null}"# + "\n" && empty.errors.isEmpty, "\(list)")
                #expect(try await gatehouse(list + ["list", "--json", "--all"]).output == "[]\n")
            }
        }
    }

    @Test func `--all cannot be combined with --page or --limit`() async throws {
        try await Self.play(users: 1) { gatehouse in
            for words in [["--all", "--page"], ["--all", "--limit", "5"]] {
                let run = try await gatehouse(["users", "list"] + words)
                #expect(run.status == 2 && run.output.isEmpty && run.errors.contains("--all cannot be combined"))
            }
        }
    }

    @Test(arguments: [
        (["--user", "nobody"], "User 'nobody' not found"), (["--client", "none"], "Client 'none' not found"),
        (["--resource", "https://x.example"], "MCP server 'https://x.example' not found"),
        (["--host", "nowhere.example"], "No live session"),
    ])
    func `a filter that matches no session is refused before the question`(filter: [String], sentence: String)
        async throws
    {
        try await Self.play(users: 1) { gatehouse in
            let piped = try await gatehouse(["sessions", "revoke"] + filter)
            #expect(piped.status == 1 && piped.errors.contains(sentence) && !piped.errors.contains("--yes"))
            let typed = try await gatehouse.inTerminal(["sessions", "revoke"] + filter, typed: "y\n")
            #expect(typed.run.status == 1 && typed.shown.contains(sentence) && !typed.shown.contains("[y/N]"))
        }
    }

    @Test(arguments: [
        ["connections", "list", "--provider", "nohub"], ["connections", "list", "--user", "nobody"],
        ["connections", "list", "--resource", "res_none"], ["elicitations", "list", "--user", "nobody"],
        ["elicitations", "list", "--resource", "res_none"], ["jobs", "list", "--user", "nobody"],
        ["jobs", "list", "--session", "ses_none"], ["jobs", "list", "--session", SessionID.random().string],
        ["events", "list", "--resource", "res_none"], ["sessions", "list", "--user", "nobody"],
        ["report", "--owner", "nobody"], ["audit", "tail", "--user", "nobody"],
        ["audit", "tail", "--resource", "res_none"],
    ])
    func `a filter with an unknown name fails and names it`(words: [String]) async throws {
        try await Self.play(users: 1) { gatehouse in
            let run = try await gatehouse(words)
            #expect(
                run.status == 1 && run.output.isEmpty && run.errors.contains(words[3 - (words[0] == "report" ? 1 : 0)]))
        }
    }

    @Test func `users passwd offers to revoke the sessions, and says when they continue`() async throws {
        try await Self.play(users: 1) { gatehouse in
            let words = ["users", "passwd", "user-1000", "--password-stdin"]
            let plain = try await gatehouse(words, input: "a long enough one\n")
            #expect(plain.status == 0 && plain.output.contains("--revoke-sessions"))
            let revoking = try await gatehouse(words + ["--revoke-sessions"], input: "a long enough one\n")
            #expect(revoking.status == 0 && revoking.output.contains("no live session"))
            #expect(!revoking.output.contains("--revoke-sessions"))
        }
    }

    @Test func `the rules for passwords do not apply to a provider's client secret`() async throws {
        try await Self.play(users: 1) { gatehouse in
            func add(_ name: String, _ secret: String) async throws -> CommandLineProgram.Run {
                try await gatehouse(
                    [
                        "providers", "add", name, "--owner", "Team", "--authorization-endpoint",
                        "https://hub.example/a",
                        "--token-endpoint", "https://hub.example/t", "--client-id", "c", "--client-secret-stdin",
                    ], input: secret + "\n")
            }
            for (name, secret) in [("short", "s3c"), ("long", String(repeating: "x", count: 4000)), ("blank", "a b")] {
                let run = try await add(name, secret)
                #expect(run.status == 0, "\(run.errors)")
                #expect(!run.output.contains(secret))
            }
            for secret in ["", "tab\there", "ü", String(repeating: "x", count: 9000)] {
                let run = try await add("refused", secret)
                #expect(run.status == 1 && run.errors.contains("secret") && !run.errors.contains("password"))
            }
            #expect(!(try await gatehouse("providers", "list", "--json").output.contains("refused")))
        }
    }
}
