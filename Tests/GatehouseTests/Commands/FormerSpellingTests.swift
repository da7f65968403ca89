import ArgumentParser
import AuthorizationServer
import JOSE
import Storage
import TestSupport
import Testing

@testable import gatehouse

@Suite("Former spellings of commands and options")
struct FormerSpellingTests {
    private let configuration = Result { try ServerConfiguration.load(file: nil) }

    /// The request that a command line stands for.
    private func request(_ words: String...) async throws -> AdministrationRequest {
        let command = try #require(try GatehouseCommand.parseAsRoot(words) as? any AdministrationCommand)
        return try await command.request(configuration.get())
    }

    private func help(_ command: any ParsableCommand.Type) -> String { command.helpMessage(columns: 200) }

    @Test func `elicitations list takes --status for --state, and its help shows --state only`() async throws {
        let former = try await request("elicitations", "list", "--status", "declined")
        let current = try await request("elicitations", "list", "--state", "declined")
        #expect(former == current)
        #expect(current == .elicitations(.list(ElicitationSelection(status: "declined"))))
        #expect(help(Elicitations.List.self).contains("--state") && !help(Elicitations.List.self).contains("--status"))
    }

    @Test func `jobs end is jobs cancel, and the help shows cancel only`() async throws {
        let former = try await request("jobs", "end", "job_1", "job_2", "--reason", "left")
        #expect(try await request("jobs", "cancel", "job_1", "job_2", "--reason", "left") == former)
        #expect(former == .jobs(.end(["job_1", "job_2"], reason: "left")))
        let commands = help(Jobs.self).split(separator: "\n").map { $0.split(separator: " ").first ?? "" }
        #expect(commands.contains("cancel") && !commands.contains("end"))
        let moved = LeadingOptions.moved(["--json", "jobs", "end", "job_1"], for: GatehouseCommand.self)
        #expect(moved == ["jobs", "end", "--json", "job_1"])
    }

    @Test func `resources policy takes --end-connections for --revoke-connections`() async throws {
        let former = try await request("resources", "policy", "res_1", "--end-connections", "yes")
        #expect(try await request("resources", "policy", "res_1", "--revoke-connections", "yes") == former)
        #expect(former == .resources(.policy("res_1", PolicyChange(settings: ["ends_connections": ["yes"]]))))
        #expect(!help(ResourcePolicyCommand.self).contains("--end-connections"))
    }

    @Test func `users passwd takes --end-sessions for --revoke-sessions`() async throws {
        try await SessionWorld.play { world in
            let run = try await world.gatehouse(
                "users", "passwd", "ada", "--end-sessions", "--password-stdin", "--json",
                input: "correct horse battery\n")
            #expect(run.status == 0, "\(run.errors)")
            #expect(try run.json().object?["sessions_ended"]?.integer == 1)
            #expect(try await !world.live().contains("ada"))
        }
        #expect(!help(Users.SetPassword.self).contains("--end-sessions"))
    }
}

@Suite("Errors of the command line")
struct ErrorFormTests {
    @Test(arguments: [
        ["users", "disable", "nobody"], ["users", "add", "ada", "--password-stdin"], ["sessions", "show", "ses_x"],
        ["sessions", "revoke", "--all", "--yes"], ["clients", "show", "none"], ["resources", "remove", "none"],
        ["elicitations", "show", "eli_x"], ["jobs", "cancel", "job_x"], ["events", "retry", "evt_x"],
        ["connections", "revoke", "con_x"], ["providers", "remove", "none"], ["keys", "rotate", "none"],
        ["report", "--owner", "none"], ["audit", "verify", "/dev/null"], ["db", "init"], ["doctor", "none"],
        ["users", "list", "--config", "/none.yaml"], ["audit", "accept-restore", "--reason", "x"],
    ])
    func `a failed command prints one line, with a capital and a full stop`(words: [String]) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse(words)
            #expect(run.status == 1 && run.output.isEmpty && run.errorLines.count == 1, "\(run.errors)")
            let text = run.errors.dropFirst("gatehouse: ".count)
            #expect(run.errors.hasPrefix("gatehouse: ") && text.hasSuffix(".\n"), "\(run.errors)")
            #expect(text.first.map { $0.isUppercase || $0 == "'" || $0 == "/" } == true, "\(run.errors)")
        }
    }

    @Test(arguments: [
        ["sessions", "revoke"], ["sessions", "list", "--limit", "0"], ["users", "list", "--all", "--page"],
        ["keys", "rotate", "--now"], ["keys", "rotate", "refresh", "--now"], ["audit", "erase"], ["bogus"],
        ["audit", "export", "f", "--drop-before", "1d"], ["providers", "allow", "hub", "res_1"],
    ])
    func `a usage error begins with Error, and exits with 2`(words: [String]) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse(words)
            #expect(run.status == 2 && run.output.isEmpty && run.errors.hasPrefix("Error: "), "\(run.errors)")
        }
    }
}
