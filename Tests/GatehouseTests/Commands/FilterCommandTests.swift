import JOSE
import TestSupport
import Testing

@Suite("Filters of commands")
struct FilterCommandTests {
    private static func users(_ run: CommandLineProgram.Run) throws -> Set<String> {
        Set(try run.json().array?.compactMap { $0.object?["user"]?.string } ?? [])
    }

    @Test(arguments: [
        ("*.bad.example", ["bo"]), ("*.BAD.example", ["bo"]), ("bad.example", ["cy"]), ("*", ["bo", "cy", "di"]),
        ("*.example", ["bo", "cy", "di"]),
    ])
    func `--host takes the patterns of clients block, for what is listed and for what ends`(
        host: String, people: [String]
    ) async throws {
        try await SessionWorld.play { world in
            let listed = try await world.gatehouse("sessions", "list", "--host", host, "--json")
            #expect(try Self.users(listed) == Set(people))
            var (paged, after): ([String], [String]) = ([], [])
            repeat {
                let page = try await world.gatehouse(
                    ["sessions", "list", "--host", host, "--limit", "1", "--page"] + after
                ).json().object
                paged += page?["items"]?.array?.compactMap { $0.object?["user"]?.string } ?? []
                after = page?["next"]?.string.map { ["--after", $0] } ?? []
            } while !after.isEmpty
            #expect(paged.sorted() == people)
            let asked = try await world.gatehouse("sessions", "revoke", "--host", host)
            #expect(asked.status == 2 && asked.errors.contains("say --yes"), "\(asked.errors)")
            let ended = try await world.gatehouse("sessions", "revoke", "--host", host, "--yes", "--json")
            #expect(try Self.users(ended) == Set(people), "\(ended.errors)")
            #expect(try await world.live() == Set(SessionWorld.approvals.map(\.0)).subtracting(people))
        }
    }

    @Test func `other filters narrow a pattern, and one that covers nobody ends nothing`() async throws {
        try await SessionWorld.play { world in
            for words in [["--host", "*.bad.example", "--user", "cy"], ["--host", "*.nowhere.example"]] {
                let run = try await world.gatehouse(["sessions", "revoke", "--yes"] + words)
                #expect(run.status == 1 && run.errors.contains("No live session matches; nothing was ended."))
            }
            for (host, words) in [
                ("bad.example:443", "write 'bad.example'"), ("b*d.example", "is no host name"),
                ("*bad", "is no host name"),
            ] {
                let run = try await world.gatehouse("sessions", "revoke", "--host", host, "--yes")
                #expect(run.status == 1 && run.errors.contains(words), "\(run.errors)")
            }
            #expect(try await world.live().count == SessionWorld.approvals.count)
        }
    }

    @Test func `two options that exclude each other are named`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for (words, both) in [
                (["sessions", "revoke", "--all", "--user", "ada"], "--user and --all"),
                (["sessions", "revoke", "--all", "--host", "a.example"], "--host and --all"),
                (["sessions", "revoke", "ses_x", "--client", "desk"], "The id of a session and --client"),
                (["sessions", "revoke", "ses_x", "--all"], "The id of a session and --all"),
                (["audit", "erase", "--user", "ada", "--claimed", "grace"], "--user and --claimed"),
                (
                    ["audit", "export", "f", "--drop-before", "90d", "--action", "session"],
                    "--drop-before and --action"
                ),
                (
                    ["resources", "add", "https://a.example", "--from", "https://a.example/x", "--owner", "T"],
                    "The MCP server's URI and --from"
                ),
            ] {
                let run = try await gatehouse(words)
                #expect(run.status == 2 && run.errors.contains("\(both) exclude each other"), "\(run.errors)")
            }
            for words in [["sessions", "revoke"], ["audit", "erase"], ["resources", "add", "--owner", "T"]] {
                let run = try await gatehouse(words)
                #expect(run.status == 2 && !run.errors.contains("exclude each other"))
            }
        }
    }

    @Test func `who is not there is refused before a password is asked for, or a question`() async throws {
        try await SessionWorld.play { world in
            for words in [
                ["users", "passwd", "nobody"], ["users", "passwd", "nobody", "--end-sessions"],
                ["audit", "erase", "--user", "nobody"],
            ] {
                let run = try await world.gatehouse.inTerminal(words, typed: "")
                #expect(run.run.status == 1 && run.shown.contains("There is no user 'nobody'"), "\(run.shown)")
                #expect(!run.shown.contains("assword:") && !run.shown.contains("[y/N]"))
            }
            let piped = try await world.gatehouse("users", "passwd", "nobody", "--password-stdin")
            #expect(piped.status == 1 && piped.errors.contains("There is no user 'nobody'"))
            let erased = try await world.gatehouse.inTerminal(["audit", "erase", "--user", "ada"], typed: "n\n")
            #expect(erased.run.status == 1 && erased.shown.contains("Erase for good? [y/N]"))
            #expect(erased.shown.contains("Nothing was erased."))
        }
    }

    @Test func `allow says when nobody of that name is known, and remove points to the rule`() async throws {
        try await SessionWorld.play { world in
            let known = try await world.gatehouse("clients", "allow", "good.example")
            #expect(known.status == 0 && known.errors.isEmpty, "\(known.errors)")
            for name in ["none.example", "*.none.example", "https://none.example/client.json"] {
                let run = try await world.gatehouse("clients", "allow", name)
                #expect(run.status == 0 && run.errors.contains("the rule is kept and waits for"), "\(run.errors)")
                let removed = try await world.gatehouse("clients", "remove", name, "--yes")
                #expect(removed.status == 1 && removed.errorLines.count == 1)
                #expect(removed.errors.contains("there is a rule about it"), "\(removed.errors)")
                #expect(removed.errors.contains("gatehouse clients rules remove"))
            }
            _ = try await world.gatehouse("clients", "block", "desk", "--yes")
            let left = try await world.gatehouse("clients", "remove", "desk", "--yes", "--json")
            #expect(left.status == 0 && left.errors.contains("A rule still blocks 'desk'"), "\(left.errors)")
            #expect(try await world.rules()["desk"] == "block")
        }
    }
}
