import JOSE
import OAuth
import Testing

@testable import ResourceServer

@Suite("Users on a page of the MCP server")
struct ArrivalTests {
    /// Creates an `external` elicitation; returns its handle.
    private func ask(_ scene: ElicitationScene, ticket: String = "T") async throws -> String {
        let request = try ResourceServer.ElicitationRequest.external(url: "https://pay.example/cart", message: "Pay.")
        let made = try await scene.elicitations.create(request, for: try await scene.access())
        scene.fake.change { $0.tickets[ticket] = made.id }
        return made.id
    }

    @Test func `a ticket identifies the user once, and the outcome is reported afterwards`() async throws {
        try await ElicitationScene.play { scene in
            let id = try await ask(scene)
            let early = await fault { try await scene.elicitations.complete(id, as: .completed) }
            #expect(early?.kind == .notRedeemed)
            let arrival = try await scene.elicitations.redeem(ticket: "T")
            let expected = ExternalVisitor(
                elicitation: id, subject: "sub_1", clientID: "https://client.example/c.json", sessionID: "ses_1")
            #expect(arrival == expected)
            #expect(await fault { try await scene.elicitations.redeem(ticket: "T") }?.kind == .notFound)
            let done = try await scene.elicitations.complete(id, as: .completed, reference: "receipt-7")
            #expect(done.status == .completed && done.id == id)
            let late = await fault { try await scene.elicitations.complete(id, as: .declined) }
            #expect(late?.kind == .notCompleted)
        }
    }

    @Test(arguments: [ExternalOutcome.declined, .failed])
    func `other outcomes end the elicitation accordingly`(outcome: ExternalOutcome) async throws {
        try await ElicitationScene.play { scene in
            let id = try await ask(scene)
            _ = try await scene.elicitations.redeem(ticket: "T")
            let done = try await scene.elicitations.complete(id, as: outcome)
            #expect(done.status.rawValue == outcome.rawValue)
        }
    }

    @Test func `another MCP server can neither redeem the ticket nor report an outcome`() async throws {
        try await ElicitationScene.play { scene in
            let other = try Elicitations(
                Fixture.configuration(issuer: scene.server.issuer, clock: scene.clock), clientID: "res_2",
                clientSecret: "gate_s_y")
            let id = try await ask(scene)
            #expect(await fault { try await other.redeem(ticket: "T") }?.kind == .notFound)
            _ = try await scene.elicitations.redeem(ticket: "T")
            #expect(await fault { try await other.complete(id, as: .completed) }?.kind == .notFound)
            #expect(scene.fake.read { $0.entries.map(\.status) } == ["pending"])
        }
    }

    @Test(arguments: ["{}", #"{"id":"eli_1","subject":"sub_1","client_id":"c"}"#, "[]", ""])
    func `a response without a user is refused`(body: String) async throws {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.failure = (200, body) }
            #expect(await fault { try await scene.elicitations.redeem(ticket: "T") }?.kind == .unavailable)
        }
    }
}
