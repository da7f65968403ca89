import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("gatehouse users rename and delete")
struct UserChangeCommandTests {
    private static func add(_ gatehouse: CommandLineProgram, _ name: String) async throws {
        let made = try await gatehouse("users", "add", name, "--password-stdin", input: "correct horse battery\n")
        guard made.status == 0 else { throw StageFailure(made.errors) }
    }

    @Test func `a renamed user keeps the subject, and the record has both names`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            try await Self.add(gatehouse, "ada")
            try await Self.add(gatehouse, "bob")
            let subject = try await gatehouse("users", "show", "ada", "--json").json().object?["subject"]
            let taken = try await gatehouse("users", "rename", "ada", "BOB")
            #expect(taken.status == 1 && taken.errors.contains("already exists"))
            #expect(try await gatehouse("users", "rename", "ada", "ada").status == 1)
            #expect(try await gatehouse("users", "rename", "nobody", "x").status == 1)
            let renamed = try await gatehouse("users", "rename", "ada", "ada.l", "--reason", "married")
            #expect(renamed.status == 0, "\(renamed.errors)")
            #expect(try await gatehouse("users", "show", "ada.l", "--json").json().object?["subject"] == subject)
            let record = try await gatehouse("audit", "tail", "--action", "user.renamed", "--json").json().array?.last
            #expect(record?.object?["explanation"] == "'ada' is now 'ada.l': married")
        }
    }

    @Test func `a deletion says what it ends, ends it, and leaves no personal data outside of backups`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let stage = gatehouse.stage
            let key = try stage.ring().secret(.refresh).id
            let session = try await gatehouse.withStore { try await stage.plant(1, on: key, in: $0) }[0]
            let listed = try await gatehouse("users", "list", "--json").json().array
            let name = try #require(listed?.first?.object?["name"]?.string)
            let subject = try #require(listed?.first?.object?["subject"]?.string)
            _ = try await gatehouse("users", "rename", name, "canary-name", "--reason", "canary-reason")
            #expect(try await gatehouse("users", "delete", "canary-name").status == 2, "a script has to say --yes")
            let asked = try await gatehouse.inTerminal(["users", "delete", "canary-name"], typed: "no\n")
            #expect(asked.run.status == 1 && asked.shown.contains("1 live session"), "\(asked.shown)")
            #expect(try await gatehouse("users", "show", "canary-name").status == 0)
            let run = try await gatehouse("users", "delete", "canary-name", "--reason", "left", "--yes", "--json")
            #expect(run.status == 0, "\(run.errors)")
            let row = try #require(try run.json().object)
            #expect(
                row["sessions_ended"] == 1 && row["erased"]?.integer ?? 0 >= 1 && row["subject"] == .string(subject))
            #expect(try await gatehouse("users", "show", "canary-name").status == 1)
            let shown = try await gatehouse("users", "show", subject, "--json").json().object
            #expect(shown?["state"] == "deleted" && shown?["name"] == "(deleted)")
            #expect(try await gatehouse("users", "list", "--json").json().array?.isEmpty == true)
            let ended = try await gatehouse("sessions", "show", session.string, "--json").json()
            #expect(ended.object?["state"] == "ended" || ended.array?.first?.object?["state"] == "ended")
            let trail = try await gatehouse("audit", "tail", "--json")
            #expect(!trail.output.contains("canary"))
            #expect(try trail.json().array?.last?.object?["explanation"] == "left")
            #expect(try await gatehouse("audit", "verify").status == 0)
            try await Self.add(gatehouse, "canary-name")
            let heir = try await gatehouse("users", "show", "canary-name", "--json").json().object?["subject"]
            #expect(heir != .string(subject))
        }
    }

    @Test func `eight deletions at once delete a user once`() async throws {
        try await Stage.play { stage in
            let server = try await RunningGatehouse.start(on: stage)
            _ = try await server.object(["users", "add", "ada", "--password-stdin"], input: "correct horse battery\n")
            let statuses = try await withThrowingTaskGroup(of: Int32.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await server.command(["users", "delete", "ada", "--yes"]).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 0 } == 1 && statuses.allSatisfy { $0 <= 1 }, "\(statuses)")
            #expect(try await server.json(["audit", "tail", "--action", "user.deleted"]).array?.count == 1)
        }
    }
}
