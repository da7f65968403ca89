import JOSE
import TestSupport
import Testing

@Suite("The reason of an act")
struct StatedReasonTests {
    private static func last(_ gatehouse: CommandLineProgram, _ action: String) async throws -> JSONObject {
        let records = try await gatehouse("audit", "tail", "--action", action, "--json").json().array ?? []
        return try #require(records.last?.object)
    }

    @Test
    func
        `a command that changes something leaves its reason in every record, and a reason that cannot be shown changes nothing`()
        async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let add = ["resources", "add", "https://files.example/mcp", "--name", "Files", "--owner", "Ops"]
            let refused = try await gatehouse(add + ["--reason", "a\u{7}b"])
            #expect(refused.status == 1 && refused.errors.contains("The reason contains control"))
            #expect(try await gatehouse("resources", "list", "--json").json().array?.isEmpty == true)
            #expect(try await gatehouse(add + ["--reason", "ticket 7"]).status == 0)
            #expect(try await Self.last(gatehouse, "resource.added")["explanation"] == "ticket 7")
            let policy = [
                "resources", "policy", "https://files.example/mcp", "--idle-limit", "3h", "--reason", "review",
            ]
            #expect(try await gatehouse(policy).status == 0)
            let record = try await Self.last(gatehouse, "resource.policy_changed")
            #expect(record["explanation"] == "review")
            let change = try #require(
                record["changes"]?.array?.compactMap(\.object).first { $0["field"] == "idle_limit" })
            #expect(change["from"] == "14d" && change["to"] == "3h")
            // Erasable like every free text, and the chain stays valid.
            #expect(try await gatehouse("audit", "verify").status == 0)
        }
    }
}
