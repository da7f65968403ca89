import JOSE
import TestSupport
import Testing

@Suite("Commands that also revoke sessions")
struct EndingCommandTests {
    /// Each of these commands, the users whose sessions it revokes, and the recorded reason.
    static let commands: [(words: [String], ended: Set<String>, reason: String)] = [
        (["users", "disable", "ada"], ["ada"], "user_disabled"),
        (["clients", "remove", "desk"], ["ada"], "client_removed"),
        (["clients", "remove", "https://good.example/client.json"], ["di"], "client_removed"),
        (["clients", "block", "desk"], ["ada"], "client_blocked"),
        (["clients", "block", "bad.example"], ["cy"], "client_blocked"),
        (["clients", "block", "*.bad.example"], ["bo"], "client_blocked"),
        (["clients", "block", "*"], ["bo", "cy", "di"], "client_blocked"),
        (["resources", "remove", SessionWorld.resource], ["ada", "bo", "cy", "di"], "resource_removed"),
        (
            ["resources", "policy", SessionWorld.resource, "--client-host", "good.example"], ["bo", "cy"],
            "client_host_excluded"
        ),
        (
            ["resources", "policy", SessionWorld.resource, "--allow-user", "ada"], ["bo", "cy", "di"], "access_lost"
        ),
        (
            ["resources", "policy", SessionWorld.resource, "--allow-group", ""], ["ada", "bo", "cy", "di"],
            "access_lost"
        ),
    ]
    private static let everybody = Set(SessionWorld.approvals.map(\.0))

    @Test(arguments: commands)
    func `without a terminal the command names the number of sessions, requires --yes and changes nothing`(
        _ command: (words: [String], ended: Set<String>, reason: String)
    ) async throws {
        try await SessionWorld.play { world in
            let run = try await world.gatehouse(command.words)
            let count = command.ended.count
            #expect(run.status == 2 && run.output.isEmpty && run.errorLines.count == 1, "\(run.errors)")
            #expect(run.errors.hasPrefix("Error: ") && run.errors.contains("--yes"))
            #expect(run.errors.contains("revoke \(count) session\(count == 1 ? "." : "s.")"), "\(run.errors)")
            #expect(try await world.live() == Self.everybody)
            #expect(try await world.gatehouse("audit", "tail", "--json").json() == [])
        }
    }

    @Test(arguments: commands)
    func `at a terminal the command shows the sessions and asks, and a no changes nothing`(
        _ command: (words: [String], ended: Set<String>, reason: String)
    ) async throws {
        try await SessionWorld.play { world in
            let declined = try await world.gatehouse.inTerminal(command.words, typed: "n\n")
            #expect(declined.run.status == 1 && declined.run.output.isEmpty)
            #expect(declined.shown.contains("\(command.ended.count) live session"))
            let sessions = command.ended.count == 1 ? "this session" : "these \(command.ended.count) sessions"
            #expect(declined.shown.contains("revoke \(sessions)? [y/N]"), "\(declined.shown)")
            for person in command.ended { #expect(declined.shown.contains(" \(person)")) }
            #expect(declined.shown.contains("Nothing was changed."))
            #expect(try await world.live() == Self.everybody)
            #expect(try await world.gatehouse("audit", "tail", "--json").json() == [])
            let agreed = try await world.gatehouse.inTerminal(command.words + ["--json"], typed: "y\n")
            #expect(agreed.run.status == 0)
            #expect(try await world.live() == Self.everybody.subtracting(command.ended))
        }
    }

    @Test(arguments: commands)
    func `with --yes the command runs, and the records contain the reason`(
        _ command: (words: [String], ended: Set<String>, reason: String)
    ) async throws {
        try await SessionWorld.play { world in
            let run = try await world.gatehouse(command.words + ["--yes", "--reason", "left", "--json"])
            #expect(run.status == 0, "\(run.errors)")
            #expect(try await world.live() == Self.everybody.subtracting(command.ended))
            let ends = try await world.ends()
            #expect(ends.count == command.ended.count)
            #expect(ends.allSatisfy { $0["explanation"]?.string == "left" && $0["reason"]?.string == command.reason })
            let all = try await world.gatehouse("audit", "tail", "--json").json().array?.compactMap(\.object) ?? []
            let own = all.first { $0["action"]?.string != "session.ended" }
            #expect(own?["explanation"]?.string == "left", "\(all)")
        }
    }

    @Test func `a command that would revoke no session does not ask`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            _ = try await gatehouse("users", "add", "ada", "--password-stdin", input: "secret pass\n")
            _ = try await gatehouse(
                "clients", "add", "--id", "one", "--name", "A", "--redirect-uri", "http://127.0.0.1/")
            _ = try await gatehouse("resources", "add", SessionWorld.resource, "--name", "Files", "--owner", "Team")
            for words in [
                ["users", "disable", "ada"], ["clients", "block", "evil.example"], ["clients", "remove", "one"],
                ["resources", "policy", SessionWorld.resource, "--client-host", "a.example"],
                ["resources", "remove", SessionWorld.resource],
            ] {
                #expect(try await gatehouse(words).status == 0, "\(words)")
            }
        }
    }

    @Test func `an unknown name fails before the question, and a policy that revokes nothing asks nothing`()
        async throws
    {
        try await SessionWorld.play { world in
            for words in [
                ["users", "disable", "eve"], ["clients", "block", "dsek"], ["clients", "remove", "dsek"],
                ["resources", "remove", "https://other.example"],
                ["resources", "policy", SessionWorld.resource, "--client-host", "https://a.example"],
            ] {
                let run = try await world.gatehouse(words)
                #expect(run.status == 1 && run.errorLines.count == 1, "\(words): \(run.errors)")
            }
            for words in [["--idle-limit", "1d"], ["--client-host", "any"]] {
                let run = try await world.gatehouse(["resources", "policy", SessionWorld.resource] + words)
                #expect(run.status == 0, "\(run.errors)")
            }
            #expect(try await world.live() == Self.everybody)
        }
    }
}
