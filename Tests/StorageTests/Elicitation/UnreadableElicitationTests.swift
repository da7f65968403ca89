import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

/// A row that was fine when it was written, and that today's rules do not read any more.
@Suite("Unreadable elicitations", .onEachStore)
struct UnreadableElicitationTests {
    /// What a stricter rule or a fault of the disk makes of a column.
    static let damages = [
        "ask = '{\"action\":{\"name\":\"a\",\"summary\":\"b\",\"unheard_of\":1}}'", "ask = 'no JSON at all'",
        "client_id = 'not a client'", "kind = 'secret'",
    ]

    private let now = World.start + 10

    private func damaged(_ damage: String) async throws -> (World, Session, Elicitation) {
        let world = try await World()
        let session = try await world.active(try world.session())
        let action: JSONObject = ["name": "delete_file", "summary": "Delete a.txt"]
        let asked = Elicitation(
            resourceID: session.resourceID, userID: world.user.id, subject: world.user.subject,
            clientID: session.clientID, sessionID: session.id, message: "May I?",
            ask: try ConfirmRequest(json: ["action": .object(action)]), digest: .sha256("a"),
            createdAt: now, expiresAt: now + 900)
        try await world.store.write { tx in
            try tx.elicitations.insert(asked)
            try tx.execute("UPDATE elicitations SET " + damage)
        }
        return (world, session, asked)
    }

    private func status(_ world: World) async throws -> String? {
        try await world.store.read { tx in try tx.first("SELECT status FROM elicitations") { try $0.text(0) } }
    }

    private func event(_ world: World, of asked: Elicitation) async throws -> SecurityEventType? {
        try await world.store.read { try $0.events.find(of: asked.id) }?.event.type
    }

    @Test(arguments: damages) func `the end of the session cancels an unreadable elicitation, with event and record`(
        damage: String
    )
        async throws
    {
        let (world, session, asked) = try await damaged(damage)
        let isEnded = try await world.store.write { [now] tx in
            try tx.sessions.end(session.id, .byAdmin(at: now + 1))
        }
        #expect(isEnded)
        #expect(try await status(world) == "cancelled")
        #expect(try await event(world, of: asked) == .elicitationCancelled)
        let records = try await world.store.read { try $0.audit.tail(limit: 5) }.map(\.entry)
        #expect(records.contains { $0.action == .elicitationCancelled && $0.correlation == asked.id.string })
    }

    @Test(arguments: damages) func `housekeeping expires an unreadable elicitation and the ones after it`(
        damage: String
    ) async throws {
        let (world, session, asked) = try await damaged(damage)
        let other = Elicitation(
            resourceID: session.resourceID, userID: world.user.id, subject: world.user.subject,
            clientID: session.clientID, sessionID: session.id, message: "And I?",
            ask: try ExternalRequest(json: ["url": "https://pay.example/"]), digest: .sha256("b"),
            createdAt: now, expiresAt: now + 900)
        try await world.store.write { try $0.elicitations.insert(other) }
        try await world.store.write { [now] tx in _ = try tx.housekeep(now: now + 900, limit: 10) }
        #expect(try await event(world, of: asked) == .elicitationExpired)
        #expect(try await event(world, of: other) == .elicitationExpired)
    }
}
