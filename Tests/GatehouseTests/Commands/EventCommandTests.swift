import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("Commands about elicitations and events")
struct EventCommandTests {
    private static let uri = "https://files.example.org/mcp"

    private func addResource(_ gatehouse: CommandLineProgram, endpoint: String? = nil) async throws -> JSONObject {
        var words = ["resources", "add", Self.uri, "--name", "Files", "--owner", "Team", "--json"]
        if let endpoint { words += ["--events-endpoint", endpoint] }
        let run = try await gatehouse(words)
        return try #require(try run.json().object, "\(run.errors)")
    }

    private func policy(_ gatehouse: CommandLineProgram, _ words: String...) async throws -> JSONObject {
        let run = try await gatehouse(["resources", "policy", Self.uri, "--json"] + words)
        return try #require(try run.json().object, "\(run.errors)")
    }

    @Test func `resources policy shows the policy and changes the given settings, with a record`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            _ = try await addResource(gatehouse)
            let fresh = try await policy(gatehouse)
            #expect(fresh["elicitation"]?.strings == ["confirm"] && fresh["external_hosts"]?.strings == [])
            #expect(fresh["events"]?.string == "polled" && fresh["events_endpoint"] == .null)
            let kinds = try await policy(
                gatehouse, "--elicitation", "secret,confirm,external", "--external-host", "Pay.Example:8443",
                "--external-host", "b.example:443")
            #expect(kinds["elicitation"]?.strings == ["confirm", "secret", "external"])
            #expect(kinds["external_hosts"]?.strings == ["pay.example:8443", "b.example"])
            let pushed = try await policy(gatehouse, "--events-endpoint", "https://files.example.org/events")
            #expect(pushed["elicitation"]?.strings == ["confirm", "secret", "external"])
            #expect(pushed["events"]?.string == "unverified")
            let shown = try #require(try await gatehouse(["resources", "show", Self.uri, "--json"]).json().object)
            #expect(shown["events_endpoint"]?.string == "https://files.example.org/events")
            #expect(shown["elicitation"]?.strings == ["confirm", "secret", "external"])
            let cleared = try await policy(
                gatehouse, "--elicitation", "", "--external-host", "", "--events-endpoint", "")
            #expect(cleared["elicitation"]?.strings == [] && cleared["external_hosts"]?.strings == [])
            #expect(cleared["events"]?.string == "polled")
            let records = try #require(try await gatehouse(["audit", "tail", "--json"]).json().array)
            let actions = records.compactMap { $0.object?["action"]?.string }
            #expect(actions.filter { $0 == "resource.policy_changed" }.count == 3)
        }
    }

    @Test func `resources policy lists the actions of an MCP server, none by default`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            _ = try await addResource(gatehouse)
            #expect(try await policy(gatehouse)["actions"]?.strings == [])
            let listed = try await policy(
                gatehouse, "--action", "expenses.submit", "--action", "books.close=ask", "--action",
                "files.purge=allow files:write")
            let typed = ["books.close=ask", "expenses.submit=allow", "files.purge=allow files:write"]
            #expect(listed["actions"]?.strings == typed && listed["elicitation"]?.strings == ["confirm"])
            #expect(try await policy(gatehouse, "--elicitation", "confirm,secret")["actions"]?.strings == typed)
            #expect(try await policy(gatehouse, "--action", "books.close")["actions"]?.strings == ["books.close=allow"])
            #expect(try await policy(gatehouse, "--action", "")["actions"]?.strings == [])
        }
    }

    @Test(arguments: [
        (["--action", "close the books"], "'close the books'"), (["--action", "books=maybe"], "'books=maybe'"),
        (["--action", "books="], "'books='"), (["--action", "=allow"], "'=allow'"),
        (["--elicitation", "confirm,magic"], "'magic'"),
        (["--external-host", "https://pay.example/"], "'https://pay.example/'"),
        (["--external-host", "pay.example/x"], "'pay.example/x'"),
        (["--external-host", "u@pay.example"], "'u@pay.example'"), (["--external-host", "*"], "'*'"),
        (["--events-endpoint", "http://events.example/"], "events endpoint"),
        (["--events-endpoint", "ftp://events.example/"], "events endpoint"),
    ])
    func `an invalid policy is refused and changes nothing`(words: [String], sentence: String) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            _ = try await addResource(gatehouse)
            let before = try await policy(gatehouse)
            let run = try await gatehouse(["resources", "policy", Self.uri] + words)
            #expect(run.status == 1 && run.errorLines.count == 1 && run.errors.contains(sentence), "\(run.errors)")
            let after = try await policy(gatehouse)
            #expect(after == before)
        }
    }

    @Test func `events list shows waiting, delivered and dead events, and retry sends a dead one again with its ID`()
        async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let added = try await addResource(gatehouse)
            let resource = try #require(ResourceID(added["id"]?.string ?? ""))
            #expect(try await gatehouse("events", "list", "--json").json() == [])
            let ids = try await Self.events(for: resource, in: gatehouse.stage.path("var/gatehouse.sqlite"))
            let all = try #require(try await gatehouse("events", "list", "--json").json().array?.compactMap(\.object))
            #expect(all.compactMap { $0["id"]?.string } == ids.reversed().map(\.string))
            #expect(all.compactMap { $0["state"]?.string } == ["dead", "delivered", "waiting"])
            #expect(all[0]["type"]?.string == "elicitation-completed" && all[0]["last_status"]?.integer == 400)
            let dead = try await gatehouse("events", "list", "--state", "dead", "--resource", Self.uri, "--json")
            #expect(try dead.json().array?.compactMap { $0.object?["id"]?.string } == [ids[2].string])
            #expect(try await gatehouse("events", "list", "--resource", "https://other.example/").status == 1)
            #expect(try await gatehouse("events", "list", "--state", "asleep").status == 2)
            let retried = try #require(try await gatehouse("events", "retry", ids[2].string, "--json").json().object)
            #expect(retried["state"]?.string == "waiting" && retried["attempts"]?.integer == 0)
            let arrived = try await gatehouse("events", "retry", ids[1].string)
            #expect(arrived.status == 1 && arrived.errors.contains("delivered"))
            #expect(
                try await gatehouse("events", "retry", "evt_nonsense").errors.contains("'evt_nonsense' not found"))
            #expect(try await gatehouse("events", "list").output.contains("elicitation-completed"))
        }
    }

    @Test func `without elicitations the list is empty, and cancelling fails`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            #expect(try await gatehouse("elicitations", "list", "--json").json() == [])
            #expect(try await gatehouse("elicitations", "list", "--user", "nobody").status == 1)
            #expect(try await gatehouse("elicitations", "list", "--state", "asleep").status == 2)
            #expect(try await gatehouse("elicitations", "show", "eli_nonsense").status == 1)
            let id = ElicitationID.random().string
            let run = try await gatehouse("elicitations", "cancel", id)
            #expect(run.status == 1 && run.errors.contains("'\(id)' not found"))
        }
    }

    /// One waiting, one delivered and one dead event.
    private static func events(for resource: ResourceID, in path: String) async throws -> [EventID] {
        let store = try Store(path: path)
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        let events = (0..<3).map { _ in
            SecurityEvent(type: .elicitationCompleted, issuedAt: now, about: .stream(resource), payload: [:])
        }
        try await store.write { transaction in
            for event in events { try transaction.events.enqueue(event, resource: resource) }
            try transaction.events.deliver(events[1].id, to: resource, now: now)
            try transaction.events.fail(
                events[2].id, to: resource, answer: EventAnswer(status: 400, error: "invalid_audience"), again: nil,
                now: now)
        }
        try store.close()
        return events.map(\.id)
    }
}
