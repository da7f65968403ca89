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
    func `--host accepts the patterns of clients block, for listing and revoking`(
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
            #expect(asked.status == 2 && asked.errors.contains("--yes"), "\(asked.errors)")
            let ended = try await world.gatehouse("sessions", "revoke", "--host", host, "--yes", "--json")
            #expect(try Self.users(ended) == Set(people), "\(ended.errors)")
            #expect(try await world.live() == Set(SessionWorld.approvals.map(\.0)).subtracting(people))
        }
    }

    @Test func `further filters narrow a pattern, and a pattern without matches revokes nothing`() async throws {
        try await SessionWorld.play { world in
            for words in [["--host", "*.bad.example", "--user", "cy"], ["--host", "*.nowhere.example"]] {
                let run = try await world.gatehouse(["sessions", "revoke", "--yes"] + words)
                #expect(run.status == 1 && run.errors.contains("No live session"))
            }
            for (host, words) in [
                ("bad.example:443", "'bad.example'"), ("b*d.example", "'b*d.example' is not a host"),
                ("*bad", "'*bad' is not a host"),
            ] {
                let run = try await world.gatehouse("sessions", "revoke", "--host", host, "--yes")
                #expect(run.status == 1 && run.errors.contains(words), "\(run.errors)")
            }
            #expect(try await world.live().count == SessionWorld.approvals.count)
        }
    }

    @Test func `two options that cannot be combined are named`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for (words, both) in [
                (["sessions", "revoke", "--all", "--user", "ada"], "--user and --all"),
                (["sessions", "revoke", "--all", "--host", "a.example"], "--host and --all"),
                (["sessions", "revoke", "ses_x", "--client", "desk"], "Session IDs and --client"),
                (["sessions", "revoke", "ses_x", "--all"], "Session IDs and --all"),
                (["audit", "erase", "--user", "ada", "--claimed", "grace"], "--user and --claimed"),
                (
                    ["audit", "export", "f", "--drop-before", "90d", "--action", "session"],
                    "--drop-before and --action"
                ),
                (
                    ["resources", "add", "https://a.example", "--from", "https://a.example/x", "--owner", "T"],
                    "The resource identifier and --from"
                ),
            ] {
                let run = try await gatehouse(words)
                #expect(run.status == 2 && run.errors.contains("\(both) cannot be combined"), "\(run.errors)")
            }
            for words in [["sessions", "revoke"], ["audit", "erase"], ["resources", "add", "--owner", "T"]] {
                let run = try await gatehouse(words)
                #expect(run.status == 2 && !run.errors.contains("cannot be combined"))
            }
        }
    }

    @Test func `an unknown user fails before a password prompt or a question`() async throws {
        try await SessionWorld.play { world in
            for words in [
                ["users", "passwd", "nobody"], ["users", "passwd", "nobody", "--revoke-sessions"],
                ["audit", "erase", "--user", "nobody"],
            ] {
                let run = try await world.gatehouse.inTerminal(words, typed: "")
                #expect(run.run.status == 1 && run.shown.contains("User 'nobody' not found"), "\(run.shown)")
                #expect(!run.shown.contains("assword:") && !run.shown.contains("[y/N]"))
            }
            let piped = try await world.gatehouse("users", "passwd", "nobody", "--password-stdin")
            #expect(piped.status == 1 && piped.errors.contains("User 'nobody' not found"))
            let erased = try await world.gatehouse.inTerminal(["audit", "erase", "--user", "ada"], typed: "n\n")
            #expect(erased.run.status == 1 && erased.shown.contains("permanently? [y/N]"))
            #expect(erased.shown.contains("Nothing was erased."))
        }
    }

    @Test func `allow warns about an unknown name, and remove points to the rule`() async throws {
        try await SessionWorld.play { world in
            let known = try await world.gatehouse("clients", "allow", "good.example")
            #expect(known.status == 0 && known.errors.isEmpty, "\(known.errors)")
            for name in ["none.example", "*.none.example", "https://none.example/client.json"] {
                let run = try await world.gatehouse("clients", "allow", name)
                #expect(
                    run.status == 0 && run.errors.contains("not known yet") || run.errors.contains("is known yet"),
                    "\(run.errors)")
                let removed = try await world.gatehouse("clients", "remove", name, "--yes")
                #expect(removed.status == 1 && removed.errorLines.count == 1)

                #expect(removed.errors.contains("gatehouse clients rules remove"))
            }
            _ = try await world.gatehouse("clients", "block", "desk", "--yes")
            let left = try await world.gatehouse("clients", "remove", "desk", "--yes", "--json")
            #expect(left.status == 0 && left.errors.contains("A rule still blocks 'desk'"), "\(left.errors)")
            #expect(try await world.rules()["desk"] == "block")
        }
    }
}
