import JOSE
import TestSupport
import Testing

/// The example's tools that change who is acting, called by the official SDK in both protocol versions.
@Suite("Checkpoints: sampling and forms with the official Python SDK")
struct ReportedToolTests {
    private func connect(
        to scene: Scene, _ era: SDKClient.Era, opens: SDKClient.Opening? = nil, asked: JSONObject
    ) async throws -> SDKClient {
        let client = try SDKClient(on: scene.stage)
        let version = try await client.connect(
            to: scene.server, as: .registered(scene.gatehouse.addClient()), era: era, opens: opens, asked: asked)
        #expect(version == era.version)
        return client
    }

    private func session(in scene: Scene) async throws -> String {
        try #require(try await scene.sessions("--state", "active").first?["id"]?.string)
    }

    private static let beginning = [
        "person, session.approved, human, witnessed, success", "client, token.issued, model, witnessed, success",
    ]

    @Test(arguments: SDKClient.Era.allCases, ["approved", "edited"])
    func `an unchanged text is recorded as the model's act, an edited one as the human's`(
        era: SDKClient.Era, review: String
    ) async throws {
        try await Scene.play { scene in
            let client = try await connect(to: scene, era, asked: ["sampling": .string(review)])
            let outcome = try await client.outcome("report_churn", ["month": "2026-10"])
            let doer = review == "edited" ? "you edited it" : "the model wrote it"
            #expect(outcome.text == "Filed churn-2026-10.txt: the summary as \(doer)." && !outcome.failed, "\(outcome)")
            #expect(try await client.call("list_files") == "churn-2026-10.txt\nwelcome.txt")
            let initiator = review == "edited" ? "human" : "model"
            let session = try await session(in: scene)
            #expect(
                try await scene.story(of: session, "reported") == [
                    "server, sampling.reviewed, \(initiator), reported by server, success"
                ])
            #expect(try await Array(scene.story(of: session).prefix(2)) == Self.beginning)
            #expect(try await scene.records(of: session, "reported").map { $0["reason"]?.string } == [review])
        }
    }

    @Test func `a rejected text has no effect, and is recorded as the human's act with the older protocol`()
        async throws
    {
        try await Scene.play { scene in
            let client = try await connect(to: scene, .handshake, asked: ["sampling": "rejected"])
            let outcome = try await client.outcome("report_churn", ["month": "2026-10"])
            #expect(outcome.failed && outcome.text == "The summary was rejected, so nothing was filed.")
            #expect(try await client.call("list_files") == "welcome.txt")
            #expect(
                try await scene.story(of: session(in: scene), "reported") == [
                    "server, sampling.reviewed, human, reported by server, success"
                ])
        }
    }

    @Test func `with the newer protocol the server never learns of a rejected text, and nothing happens`()
        async throws
    {
        try await Scene.play { scene in
            let client = try await connect(to: scene, .modern, asked: ["sampling": "rejected"])
            await #expect {
                try await client.outcome("report_churn", ["month": "2026-10"])
            } throws: { "\($0)".contains("rejected") }
            #expect(try await client.call("list_files") == "welcome.txt")
            #expect(try await scene.story(of: session(in: scene), "reported").isEmpty)
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `a form is recorded as the server's request and the human's reply`(era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            let client = try await connect(
                to: scene, era, asked: ["form": ["action": "accept", "content": ["environment": "staging"]]])
            let outcome = try await client.outcome("migrate_database", ["database": "main", "when": "tonight"])
            #expect(outcome.text == "Migrated main in staging, starting tonight." && !outcome.failed, "\(outcome)")
            #expect(try await client.holding().forms == [["environment"]])
            let session = try await session(in: scene)
            #expect(
                try await scene.story(of: session, "reported") == [
                    "server, form.asked, server, reported by server, success",
                    "server, form.asked, human, reported by server, success",
                ])
            #expect(
                try await scene.records(of: session, "reported").map { $0["explanation"]?.string } == [
                    "tool migrate_database; missing environment",
                    "tool migrate_database; missing environment; path staging",
                ])
            #expect(try await scene.story(of: session) == Self.beginning, "nothing else was asked of anybody")
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `for production the user approves the form's values at Gatehouse`(
        era: SDKClient.Era
    ) async throws {
        try await Scene.play { scene in
            let form: JSON = ["action": "accept", "content": ["environment": "production", "when": "now"]]
            let client = try await connect(to: scene, era, opens: .approve, asked: ["form": form])
            let outcome = try await client.outcome("migrate_database", ["database": "main"])
            #expect(outcome.text == "Migrated main in production, now." && !outcome.failed, "\(outcome)")
            let holding = try await client.holding()
            #expect(holding.forms == [["environment", "when"]] && holding.links.count == 1)
            #expect(holding.pages.contains { $0.contains("Migrate a database in production") && $0.contains("main") })
            let session = try await session(in: scene)
            #expect(
                try await scene.story(of: session) == Self.beginning + [
                    "server, elicitation.created, server, witnessed, success",
                    "person, elicitation.completed, human, witnessed, success",
                    "server, elicitation.read, server, witnessed, success",
                    "server, elicitation.collected, server, witnessed, success",
                ])
            #expect(
                try await scene.story(of: session, "reported") == [
                    "server, form.asked, server, reported by server, success",
                    "server, form.asked, human, reported by server, success",
                ])
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `declining the form migrates nothing`(era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            let client = try await connect(to: scene, era, opens: .approve, asked: ["form": ["action": "decline"]])
            let outcome = try await client.outcome("migrate_database", ["database": "main"])
            #expect(outcome.failed && outcome.text == "You declined, so nothing was migrated.")
            #expect(try await client.holding().links.isEmpty)
            let session = try await session(in: scene)
            #expect(
                try await scene.records(of: session, "reported").map { $0["reason"]?.string } == ["asked", "declined"])
            #expect(try await scene.story(of: session) == Self.beginning)
        }
    }
}
