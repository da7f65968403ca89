import JOSE
import OAuth
import TestSupport
import Testing

@testable import gatehouse

@Suite("Forms of output")
struct OutputFormTests {
    @Test func `CSV has every field, quotes what needs it, and has no formula`() {
        let rows: [JSONObject] = [
            ["name": "plain", "scopes": .array(["a", "b"]), "at": .null],
            ["name": "=cmd(), \"x\"\u{1B}", "scopes": .array([]), "live": true],
        ]
        #expect(
            CSVTable(rows: rows).lines == [
                "name,scopes,at,live", "plain,a b,,", "\"'=cmd(), \"\"x\"\"\u{FFFD}\",,,true",
            ])
        #expect(CSVTable(rows: []).lines.isEmpty)
    }

    @Test func `an error with --json is one JSON object on standard error, with its kind and the usual status`()
        async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for arguments in [
                ["--json", "users", "disable", "nobody", "--yes"], ["users", "disable", "nobody", "--yes", "--json"],
            ] {
                let run = try await gatehouse(arguments)
                let error = try JSON.parse(Array(run.errors.utf8)).object?["error"]?.object
                #expect(run.status == 1 && run.output.isEmpty && run.errorLines.count == 1)
                #expect(error?["kind"] == "not_found" && error?["message"]?.string?.contains("nobody") == true)
            }
            let usage = try await gatehouse("sessions", "revoke", "--json")
            #expect(usage.status == 2)
            #expect(try JSON.parse(Array(usage.errors.utf8)).object?["error"]?.object?["kind"] == "usage")
            #expect(try await gatehouse("users", "list", "--json", "--csv").status == 2)
        }
    }

    @Test func `sessions are listed as CSV and with times in UTC`() async throws {
        try await SessionWorld.play { world in
            let csv = try await world.gatehouse("sessions", "list", "--csv")
            let lines = csv.output.split(separator: "\n")
            #expect(csv.status == 0 && lines.count == 1 + SessionWorld.approvals.count)
            #expect(lines[0].hasPrefix("id,user,client_id,client_name,client_host,resource,"))
            let table = try await world.gatehouse("--utc", "sessions", "list").output
            #expect(table.contains((SessionWorld.now + 30 * 86_400).rfc3339), "\(table)")
            #expect(table.contains("app.bad.example"))
        }
    }

    @Test func `revoke takes state, owner and idle time, and a dry run revokes nothing`() async throws {
        try await SessionWorld.play { world in
            func live() async throws -> Int {
                try await world.gatehouse("sessions", "list", "--state", "approved", "--json").json().array?.count ?? 0
            }
            let all = try await live()
            #expect(all == SessionWorld.approvals.count)
            let dry = try await world.gatehouse("sessions", "revoke", "--owner", "Team", "--dry-run", "--json")
            #expect(try dry.json().array?.count == all)
            #expect(try await live() == all)
            let unknown = try await world.gatehouse("sessions", "revoke", "--owner", "Nobody", "--yes")
            #expect(unknown.status == 1 && unknown.errors.contains("Owner 'Nobody' not found"))
            for filter in [["--state", "active"], ["--idle-for", "7d"]] {
                let none = try await world.gatehouse(["sessions", "revoke", "--yes"] + filter)
                #expect(none.status == 1 && none.errors.contains("No live session matches"), "\(filter)")
            }
            #expect(try await world.gatehouse("sessions", "revoke", "--state", "ended", "--yes").status == 2)
            #expect(try await live() == all)
            let done = try await world.gatehouse(
                "sessions", "revoke", "--owner", "Team", "--state", "approved", "--yes")
            #expect(done.status == 0, "\(done.errors)")
            #expect(try await live() == 0)
        }
    }
}
