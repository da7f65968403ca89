import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

/// MCP servers may have stored an event: a delivery that is repeated after an upgrade must be the same event.
@Suite("The stored payloads of events", .onEachStore)
struct StoredPayloadTests {
    private let now = World.start + 10

    private func payload(_ world: World) async throws -> String? {
        try await world.store.read { try $0.first("SELECT payload FROM events") { try $0.text(0) } }
    }

    @Test func `the event of a revoked session has the members and sentences of the first version, byte by byte`()
        async throws
    {
        let world = try await World()
        let session = try await world.active(world.session())
        try await world.store.write { [now] tx in
            try tx.resources.recordPoll(by: world.resource.id, now: now)
            _ = try tx.sessions.end(session.id, .byAdmin(at: now))
        }
        #expect(
            try await payload(world)
                == #"{"event_timestamp":1000010,"initiating_entity":"admin","reason_admin":{"en":"An administrator ended the "#
                + #"session."},"reason_user":{"en":"Access was ended. Approve the app again to go on."}}"#)
    }

    @Test func `the event of an ended elicitation has the members of the first version, byte by byte`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        let action: JSONObject = ["name": "delete_file", "summary": "Delete a.txt"]
        let asked = try Elicitation(
            resourceID: session.resourceID, userID: world.user.id, subject: world.user.subject,
            clientID: session.clientID, sessionID: session.id, message: "May I?",
            ask: ConfirmRequest(json: ["action": .object(action)]), digest: .sha256("a.txt"), createdAt: now,
            expiresAt: now + 900)
        try await world.store.write { [now] tx in
            try tx.elicitations.insert(asked)
            _ = try tx.elicitations.close(asked.id, as: .cancelled(by: world.resource.id), now: now + 5)
        }
        #expect(
            try await payload(world)
                == #"{"elicitation":"\#(asked.id)","kind":"confirm","version":2,"client_id":"desk","sid":"\#(session.id)","#
                + #""evidence":"witnessed","digest":"\#(Digest.sha256("a.txt").base64URL)","reason":"resource"}"#)
    }

    @Test func `the event marks an outcome that the MCP server reported`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        let content = ElicitationEventContent(
            id: .random(), status: .completed, kind: "external", version: 3, clientID: "desk", session: session.id,
            subject: world.user.subject, digest: .sha256("x"), reportedBy: world.resource.id.string, reason: nil)
        let event = try #require(content.event(at: now))
        #expect(event.type == .elicitationCompleted && event.about == .person(world.user.subject))
        #expect(event.payload["evidence"] == "reported" && event.payload["reported_by"]?.string == content.reportedBy)
        #expect(event.payload["digest"] == nil, "the MCP server does not compute this digest")
    }
}
