import JOSE
import TestSupport
import Testing

/// The example's background work after the call, and its audit records.
@Suite("Jobs: work without the client, started by the official Python SDK")
struct ExpensesTests {
    private static let many: JSONObject = ["expenses": .strings((1...50).map { "trip \($0)" })]
    /// The first records of each of these sessions.
    private static let beginning = [
        "person, session.approved, human, witnessed, success", "client, token.issued, model, witnessed, success",
    ]

    private func play(
        _ era: SDKClient.Era, listed actions: [String] = ["expenses.submit"],
        _ test: (Scene, SDKClient) async throws -> Void
    ) async throws {
        try await Scene.play(example: ["--pace", "1"]) { scene in
            if !actions.isEmpty {
                _ = try await scene.gatehouse.object(
                    ["resources", "policy", scene.server] + actions.flatMap { ["--action", $0] })
            }
            let client = try SDKClient(on: scene.stage)
            let version = try await client.connect(
                to: scene.server, as: .registered(scene.gatehouse.addClient()), era: era)
            #expect(version == era.version)
            try await test(scene, client)
        }
    }

    private func session(in scene: Scene) async throws -> String {
        try #require(try await scene.sessions("--state", "active").first?["id"]?.string)
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `each step is decided and recorded, and the job ends when it is done`(
        era: SDKClient.Era
    ) async throws {
        try await play(era) { scene, client in
            let begun = try await client.outcome("submit_expenses", ["expenses": ["train", "hotel"]])
            #expect(!begun.failed && begun.text.contains("as job job_"), "\(begun.text)")
            _ = try await scene.logged("Submitted expense 2 of 2")
            var story: [String] = []
            // The end of the job follows a moment behind the last line.
            for _ in 0..<100 where story.count < 6 { story = try await scene.story(of: session(in: scene)) }
            #expect(
                story == Self.beginning + [
                    "server, job.opened, server, witnessed, success",
                    "server, action.evaluated, server, witnessed, success",
                    "server, action.evaluated, server, witnessed, success",
                    "server, job.ended, server, witnessed, success",
                ])
            #expect(
                try await client.call("list_expenses")
                    == "train: submitted\nhotel: submitted\nAll expenses are submitted.")
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `the session is revoked from the command line, and the next step is denied and logged once`(
        era: SDKClient.Era
    ) async throws {
        try await play(era) { scene, client in
            let begun = try await client.outcome("submit_expenses", Self.many)
            #expect(!begun.failed, "\(begun.text)")
            _ = try await scene.logged("Submitted expense 1 of 50")
            let session = try await session(in: scene)
            _ = try await scene.gatehouse.json(["sessions", "revoke", session, "--yes"])
            #expect(try await scene.logged("Stopped job").contains("The session or the job is no longer active."))
            let story = try await scene.story(of: session)
            #expect(
                story.onceInARow == Self.beginning + [
                    "server, job.opened, server, witnessed, success",
                    "server, action.evaluated, server, witnessed, success",
                    "admin, session.ended, human, witnessed, success",
                    "system, job.ended, system, witnessed, success",
                    "server, action.evaluated, server, witnessed, refused",
                ], "\(story)")
            let refusals = story.count { $0.hasSuffix("refused") }
            let lines = try scene.stage.log("example").split(separator: "\n").count { $0.contains("Stopped job") }
            #expect((refusals, lines) == (1, 1))
            let list = try #require(try await client.call("list_expenses"))
            #expect(list.contains("trip 1: submitted") && list.contains("trip 50: not submitted"))
            #expect(list.hasSuffix("The session or the job is no longer active."))
        }
    }

    @Test func `an action without the operator's permission starts nothing`() async throws {
        try await play(.modern, listed: []) { scene, client in
            let outcome = try await client.outcome("submit_expenses", Self.many)
            #expect(outcome.failed && outcome.text.contains("may not perform expenses.submit"), "\(outcome.text)")
            #expect(try await scene.story(of: session(in: scene)) == Self.beginning)
            #expect(try await client.call("list_expenses") == "No expenses found.")
        }
    }

    @Test func `an action that needs approval waits for the user, and a decline stops the work`() async throws {
        try await play(.modern, listed: ["expenses.submit=ask"]) { scene, client in
            let begun = try await client.outcome("submit_expenses", ["expenses": ["train"]])
            #expect(!begun.failed, "\(begun.text)")
            _ = try await scene.logged("waits for the user's approval")
            let asked = try await scene.gatehouse.object(["elicitations", "list"])
            #expect(asked["kind"] == "confirm" && asked["user"] == "ada")
            _ = try await scene.gatehouse.object(["elicitations", "cancel", asked["id"]?.string ?? ""])
            #expect(try await scene.logged("Stopped job").contains("The user did not approve it."))
            #expect(try await client.call("list_expenses")?.hasPrefix("train: not submitted") == true)
        }
    }
}
