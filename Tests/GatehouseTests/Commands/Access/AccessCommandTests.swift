import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("Commands about who may use what")
struct AccessCommandTests {
    private static let uri = "https://files.example.org/mcp"

    private func onGround(_ test: (CommandLineProgram) async throws -> Void) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for words in [
                ["users", "add", "ada", "--password-stdin"], ["users", "add", "bo", "--password-stdin"],
                ["groups", "add", "eng"], ["groups", "add", "staff", "--from", "corp", "--claim", "7f3c"],
                [
                    "resources", "add", Self.uri, "--name", "Files", "--owner", "Grace Hopper", "--scope",
                    "files:read=Read your files", "--scope", "files:write=Change your files",
                ],
            ] {
                let run = try await gatehouse(words, input: "correct horse\n")
                #expect(run.status == 0, "\(run.errors)")
            }
            try await test(gatehouse)
        }
    }

    private func row(_ gatehouse: CommandLineProgram, _ words: String...) async throws -> JSONObject {
        let run = try await gatehouse(words + ["--json"])
        return try #require(try run.json().object, "\(run.errors)")
    }

    private func rows(_ gatehouse: CommandLineProgram, _ words: String...) async throws -> [JSONObject] {
        let run = try await gatehouse(words + ["--json"])
        return try #require(try run.json().array, "\(run.errors)").compactMap(\.object)
    }

    @Test func `groups are added, listed and removed`() async throws {
        try await onGround { gatehouse in
            let listed = try await rows(gatehouse, "groups", "list")
            #expect(listed.map { $0["name"]?.string } == ["eng", "staff"])
            #expect(listed.map { $0["source"]?.string } == ["local", "corp"])
            #expect(listed.map { $0["claim"]?.string } == [nil, "7f3c"])
            #expect(listed.allSatisfy { $0["members"] == 0 })
            let table = try await gatehouse("groups", "list").output
            #expect(table.contains("NAME") && table.contains("MEMBERS"))
            #expect(try await gatehouse("groups", "remove", "ENG").status == 0)
            #expect(try await rows(gatehouse, "groups", "list").count == 1)
            let records = try await rows(gatehouse, "audit", "tail")
            let actions = records.compactMap { $0["action"]?.string }
            #expect(actions.count { $0 == "group.added" } == 2 && actions.count { $0 == "group.removed" } == 1)
            let removed = records.first { $0["action"] == "group.removed" }
            #expect(removed?["explanation"]?.string == "group eng")
            #expect(removed?["correlation"]?.string?.hasPrefix("grp_") == true)
        }
    }

    @Test func `a group of a provider that does not exist is added with a warning`() async throws {
        try await onGround { gatehouse in
            let mistyped = try await gatehouse("groups", "add", "ops", "--from", "crop")
            #expect(mistyped.status == 0 && mistyped.errors.contains("'crop' not found"), "\(mistyped.errors)")
            #expect(try await rows(gatehouse, "groups", "list").contains { $0["source"] == "crop" })
            let local = try await gatehouse("groups", "add", "dev")
            #expect(local.status == 0 && !local.errors.contains("not found"), "\(local.errors)")
        }
    }

    @Test func `users join groups when they are added and by users groups`() async throws {
        try await onGround { gatehouse in
            let added = try await gatehouse(
                "users", "add", "cy", "--group", "eng", "--password-stdin", input: "correct horse\n")
            #expect(added.status == 0, "\(added.errors)")
            #expect(try await rows(gatehouse, "users", "groups", "cy").map { $0["group"]?.string } == ["eng"])
            #expect(try await gatehouse("users", "groups", "ada").output.contains("is in no group"))
            let both = try await rows(gatehouse, "users", "groups", "ada", "--add", "eng", "--add", "staff")
            #expect(both.map { $0["group"]?.string } == ["eng", "staff"])
            #expect(both.allSatisfy { $0["source"]?.string == "local" && $0["stated_at"] == .null })
            let one = try await rows(gatehouse, "users", "groups", "ada", "--remove", "staff")
            #expect(one.map { $0["group"]?.string } == ["eng"])
            #expect(try await rows(gatehouse, "groups", "list").map { $0["members"] } == [2, 0])
            let failed = try await gatehouse(
                "users", "add", "di", "--group", "none", "--password-stdin", input: "correct horse\n")
            #expect(failed.status == 1 && failed.errors.contains("Group 'none' not found."))
            #expect(try await rows(gatehouse, "users", "list").count == 3, "the user is not added without the group")
        }
    }

    @Test func `a rule is shown in words, changed in parts and taken back`() async throws {
        try await onGround { gatehouse in
            let fresh = try await row(gatehouse, "resources", "policy", Self.uri)
            #expect(fresh["access"]?.strings == ["everybody"])
            #expect(fresh["group_max_age"]?.object?["value"] == "24h")
            let set = try await row(
                gatehouse, "resources", "policy", Self.uri, "--allow-group", "eng", "--allow-group", "staff",
                "--allow-user", "ada", "--scope-group", "files:write=eng", "--group-max-age", "12h")
            #expect(set["access"]?.strings == ["group eng", "group staff", "user ada"])
            #expect(set["scope_groups"]?.object?["files:write"]?.strings == ["eng"])
            #expect(set["group_max_age"]?.object?["value"] == "12h" && set["sessions_ended"] == 0)
            let fewer = try await row(gatehouse, "resources", "policy", Self.uri, "--allow-group", "")
            #expect(fewer["access"]?.strings == ["user ada"])
            let nobody = try await row(gatehouse, "resources", "policy", Self.uri, "--allow-user", "")
            #expect(nobody["access"]?.strings == ["nobody"])
            let shown = try await gatehouse("resources", "show", Self.uri).output
            #expect(shown.contains(/access +nobody/) && shown.contains(/group max age +12h \(policy\)/), "\(shown)")
            let back = try await row(
                gatehouse, "resources", "policy", Self.uri, "--allow-everybody", "--scope-group", "files:write=",
                "--group-max-age", "default")
            #expect(back == fresh)
        }
    }

    private static let refused: [([String], Int32, String)] = [
        (["resources", "policy", uri, "--allow-group", "none"], 1, "Group 'none' not found."),
        (["resources", "policy", uri, "--allow-user", "none"], 1, "User 'none' not found."),
        (["resources", "policy", uri, "--scope-group", "files:none=eng"], 1, "Scope 'files:none' not found."),
        (["resources", "policy", uri, "--scope-group", "files:write=none"], 1, "Group 'none' not found."),
        (["resources", "policy", uri, "--scope-group", "files:write"], 2, "files:write"),
        (["resources", "policy", uri, "--group-max-age", "59s"], 1, "from 1m to 365d"),
        (["resources", "policy", uri, "--group-max-age", "soon"], 1, "'soon' for --group-max-age"),
        (
            ["resources", "policy", uri, "--allow-everybody", "--allow-user", "ada"], 2,
            "--allow-everybody and --allow-group cannot be combined"
        ),
        (
            ["resources", "policy", uri, "--allow-user", "ada", "--client-host", "app.example", "--yes"], 1,
            "two commands"
        ),
        (["groups", "add", ""], 1, "The name is empty."),
        (["groups", "add", "Eng"], 1, "Group 'Eng' already exists."),
        (["groups", "add", "other", "--from", "corp", "--claim", "7f3c"], 1, "already has the value '7f3c'"),
        (["groups", "add", "other", "--from", "local"], 1, "can be named 'local'"),
        (["groups", "add", "other", "--from", "Corp Inc"], 1, "lower-case letters"),
        (["groups", "add", "other", "--claim", "x"], 2, "--claim requires --from"),
        (["groups", "remove", "none"], 1, "Group 'none' not found."),
        (["users", "groups", "none"], 1, "User 'none' not found."),
        (["users", "groups", "ada", "--add", "none"], 1, "Group 'none' not found."),
        (["users", "groups", "ada", "--remove", "eng"], 1, "No administrator added user 'ada' to group 'eng'."),
        (["users", "groups", "ada", "--add", "eng", "--remove", "eng"], 1, "both --add and --remove"),
        (["access", "none"], 1, "User 'none' not found."),
        (["access", "ada", "https://none.example/"], 1, "not found"),
        (["access", "ada", uri, "--all"], 2, "cannot be combined"),
        (["report", "--by", "user", "--owner", "Grace Hopper"], 2, "cannot be combined"),
        (["report", "--by", "group"], 2, "group"),
    ]

    @Test(arguments: refused)
    func `wrong input fails with one sentence and changes nothing`(
        words: [String], status: Int32, sentence: String
    ) async throws {
        try await onGround { gatehouse in
            let before = try await row(gatehouse, "resources", "show", Self.uri)
            let records = try await rows(gatehouse, "audit", "tail").count
            let run = try await gatehouse(words)
            #expect(run.status == status && run.errors.contains(sentence), "\(run.status) \(run.errors)")
            #expect(status == 2 || run.errorLines.count == 1, "\(run.errors)")
            #expect(try await row(gatehouse, "resources", "show", Self.uri) == before)
            #expect(try await rows(gatehouse, "audit", "tail").count == records)
        }
    }

    @Test func `access tells who may what, and by which part of the rule`() async throws {
        try await onGround { gatehouse in
            let open = try await rows(gatehouse, "access", "ada")
            #expect(open.count == 1 && open[0]["access"] == true && open[0]["rule"]?.string == "everybody")
            _ = try await gatehouse(
                "resources", "policy", Self.uri, "--allow-group", "eng", "--scope-group", "files:write=staff")
            _ = try await gatehouse("users", "groups", "ada", "--add", "eng")
            let mine = try await row(gatehouse, "access", "ada", Self.uri)
            #expect(mine["access"] == true && mine["rule"]?.string == "group" && mine["group"]?.string == "eng")
            #expect(mine["source"]?.string == "local" && mine["withheld_scopes"]?.strings == ["files:write"])
            let other = try await row(gatehouse, "access", "bo", Self.uri)
            #expect(other["access"] == false && other["rule"]?.string == "not listed")
            _ = try await gatehouse("users", "disable", "ada")
            let disabled = try await gatehouse("access", "ada")
            #expect(disabled.output.contains("is disabled"))
            let table = try await gatehouse("access", "bo").output
            #expect(table.contains("RULE") && table.contains("not listed") && table.contains("WITHHELD"))
        }
    }

    @Test func `a new MCP server is open to everybody or to nobody, as configured`() async throws {
        try await onGround { gatehouse in
            let closed = ["GATEHOUSE_ACCESS_DEFAULT": "nobody"]
            let added = try await gatehouse(
                ["resources", "add", "https://new.example/mcp", "--name", "New", "--owner", "Ops"], environment: closed)
            #expect(added.status == 0 && added.output.contains("--allow-group"), "\(added.errors)")
            let shown = try await row(gatehouse, "resources", "show", "https://new.example/mcp")
            #expect(shown["access"]?.strings == ["nobody"])
            let report = try await rows(gatehouse, "report")
            #expect(report.map { $0["access"]?.string } == ["everybody", "nobody"])
            let doctor = try await gatehouse("doctor").output
            #expect(doctor.contains("Everybody may use Files."), "\(doctor)")
            let wrong = try await gatehouse(["report"], environment: ["GATEHOUSE_ACCESS_DEFAULT": "all"])
            #expect(wrong.status == 1 && wrong.errors.contains("one of everyone, nobody"), "\(wrong.errors)")
        }
    }

    @Test func `report by user counts the live sessions of each user with the groups`() async throws {
        try await SessionWorld.play { world in
            _ = try await world.gatehouse("groups", "add", "eng")
            _ = try await world.gatehouse("users", "groups", "bo", "--add", "eng")
            let rows = try await rows(world.gatehouse, "report", "--by", "user")
            #expect(rows.map { $0["user"]?.string } == ["ada", "bo", "cy", "di"])
            #expect(rows.allSatisfy { $0["live"] == 1 && $0["resources"] == 1 && $0["clients"] == 1 })
            #expect(rows.map { $0["groups"]?.strings } == [[], ["eng"], [], []])
        }
    }
}
