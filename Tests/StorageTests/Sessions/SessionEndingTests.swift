import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Ending sessions: one verb, one record, one event", .onEachStore)
struct SessionEndingTests {
    private let now = World.start + 10

    /// How an MCP server stands to its events.
    enum Delivery: CaseIterable {
        case neverPolled, polled, polledLongAgo, unproven, proven, gone, movedSince

        var isTold: Bool { self == .polled || self == .proven }
    }

    private func prepare(_ delivery: Delivery, _ world: World) async throws {
        let (id, now) = (world.resource.id, now)
        try await world.store.write { tx in
            switch delivery {
            case .neverPolled: break
            case .polled: try tx.resources.recordPoll(by: id, now: now - 4 * 86_400 + 1)
            case .polledLongAgo: try tx.resources.recordPoll(by: id, now: now - 4 * 86_400)
            case .unproven, .proven, .gone, .movedSince:
                try tx.eventStreams.set(eventsEndpoint: "https://files.example/events", of: id, now: now)
                let endpoint = "https://files.example/events"
                try tx.eventStreams.begin(endpoint, of: id, now: now)
                if delivery != .unproven { try tx.eventStreams.activate(endpoint, of: id, now: now) }
                if delivery == .gone { try tx.eventStreams.disable(endpoint, of: id, answer: EventAnswer(status: 410)) }
                if delivery == .movedSince {
                    try tx.execute("UPDATE resources SET events_endpoint = 'https://files.example/other'")
                }
            }
        }
    }

    @Test(arguments: Delivery.allCases)
    func `an end queues one event for an MCP server that receives events, and none for another`(
        delivery: Delivery
    ) async throws {
        let world = try await World()
        try await prepare(delivery, world)
        let session = try await world.active(world.session())
        let (first, second) = try await world.store.write { [now] tx in
            (try tx.sessions.end(session.id, .byAdmin(at: now)), try tx.sessions.end(session.id, .byAdmin(at: now + 1)))
        }
        #expect(first && !second)
        let (event, count, records) = try await world.store.read { tx in
            (try tx.events.find(of: session.id), try tx.count("events"), try tx.audit.tail())
        }
        #expect(count == (delivery.isTold ? 1 : 0) && (event != nil) == delivery.isTold)
        #expect(records.map(\.entry.action) == [.sessionEnded])
        guard let event else { return }
        #expect(event.event.type == .sessionRevoked && event.state == .waiting && event.sessionID == session.id)
        #expect(event.event.about == .session(session.id, of: .user(world.user.subject)))
        #expect(event.event.transaction == session.id.string)
        #expect(event.event.payload["event_timestamp"]?.integer == now.seconds)
        #expect(event.event.payload["initiating_entity"] == "admin")
    }

    @Test func `an administrator's explanation is in the record and not in the event`() async throws {
        let world = try await World()
        try await prepare(.polled, world)
        let session = try await world.active(world.session())
        let ending = SessionEnding(
            reason: .userDisabled, initiator: .admin, actor: .admin(uid: 7, claimed: "eve"),
            explanation: "suspected of theft", at: now)
        #expect(try await world.store.write { try $0.sessions.end(session.id, ending) })
        let (event, record, stored) = try await world.store.read { tx in
            (try tx.events.find(of: session.id), try tx.audit.tail().first?.entry, try tx.sessions.find(session.id))
        }
        #expect(event?.event.payload["reason_admin"]?.object?["en"] == "An administrator disabled the account.")
        #expect(event?.event.payload.text.contains("theft") == false)
        #expect(record?.explanation == "suspected of theft" && record?.actor == .admin(uid: 7, claimed: "eve"))
        #expect(record?.session == session.id && record?.initiator == .human && record?.outcome == .success)
        #expect(stored?.endReason == .userDisabled && stored?.endedBy == .admin && stored?.endedAt == now)
    }

    @Test func `the record distinguishes users, programs and rules`() async throws {
        let world = try await World()
        let cases: [(InitiatingEntity, AuditActor, AuditEntry.Initiator, AuditEntry.Outcome)] = [
            (.user, .person(world.user.id), .human, .success), (.system, .client(world.client.id), .model, .success),
            (.system, .resource(world.resource.id), .server, .success), (.system, .system, .system, .success),
            (.policy, .client(world.client.id), .system, .refused),
        ]
        for (initiator, actor, source, outcome) in cases {
            let session = try await world.active(world.session())
            let ending = SessionEnding(reason: .revokedByPerson, initiator: initiator, actor: actor, at: now)
            try await world.store.write { _ = try $0.sessions.end(session.id, ending) }
            let record = try await world.store.read { try $0.audit.tail(limit: 1).first?.entry }
            #expect(record?.initiator == source && record?.outcome == outcome && record?.actor == actor)
        }
    }

    @Test func `an expiry is recorded and queues no event, even if a later end notices it`() async throws {
        let world = try await World()
        try await prepare(.polled, world)
        let over = try await world.active(world.session(lasting: 5))
        let idle = try await world.active(world.session(idle: 7))
        let tidied = try await world.active(world.session(lasting: 9))
        let (first, many) = try await world.store.write { [now] tx in
            (
                try tx.sessions.end(over.id, .byAdmin(at: now)),
                try tx.sessions.end(SessionFilter(ids: [idle.id]), .byAdmin(at: now))
            )
        }
        #expect(!first && many.count == 0 && many.sessions.isEmpty)
        _ = try await world.store.write { [now] in try $0.housekeep(now: now, limit: 10) }
        let (sessions, records, events) = try await world.store.read { [now] tx in
            (try tx.sessions.list(now: now), try tx.audit.tail(), try tx.count("events"))
        }
        #expect(sessions.allSatisfy { $0.state == .expired && $0.endReason == .expired && $0.endedBy == .system })
        let ends = [over.id: 5, idle.id: 7, tidied.id: 9] as [SessionID: Int64]
        #expect(sessions.allSatisfy { $0.endedAt == World.start + (ends[$0.id] ?? 0) })
        #expect(records.map(\.entry.action) == [.sessionEnded, .sessionEnded, .sessionEnded] && events == 0)
    }

    @Test func `an end erases results that were not collected`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        let ask = try ConfirmRequest(json: ["action": ["name": "a", "summary": "b"]])
        let asked = Elicitation(
            resourceID: session.resourceID, userID: world.user.id, subject: world.user.subject,
            clientID: session.clientID, sessionID: session.id, message: "May I?", ask: ask, digest: .sha256("x"),
            createdAt: now, expiresAt: now + 60)
        let (before, after) = try await world.store.write { [now] tx in
            try tx.elicitations.insert(asked)
            let outcome = ElicitationOutcome.completed(by: world.user.id, authTime: now, content: [1, 2, 3])
            _ = try tx.elicitations.finish(asked.id, as: outcome, now: now)
            let before = try tx.elicitations.find(asked.id)?.content
            _ = try tx.sessions.end(session.id, .byAdmin(at: now + 1))
            return (before, try tx.elicitations.find(asked.id))
        }
        #expect(before == [1, 2, 3] && after?.content == nil && after?.status == .completed)
    }

    @Test func `a session that expired unnoticed keeps no connection`() async throws {
        let world = try await World()
        _ = try await world.active(world.session(idle: 9))
        let last = try await world.active(world.session())
        let connection = Connection(
            id: .random(), userID: world.user.id, resourceID: world.resource.id, provider: try ProviderName("hub"),
            asked: try ScopeSet(parsing: "repo"), scope: try ScopeSet(parsing: "repo"), tokens: [7], createdAt: now)
        try await world.store.write { tx in
            try tx.connections.connect(connection)
            try tx.resources.set(ResourcePolicy(endsConnections: true), of: world.resource.id)
            _ = try tx.sessions.end(last.id, .byAdmin(at: now))
        }
        #expect(try await world.store.read { try $0.connections.find(connection.id)?.endReason } == .sessionsEnded)
    }

    @Test(arguments: [true, false])
    func `a connection outlives the user's last session, unless the policy revokes it`(isPolicy: Bool)
        async throws
    {
        let world = try await World()
        let sessions = [try await world.active(world.session()), try await world.active(world.session())]
        let other = try World.resource("https://mail.example/mcp")
        let elsewhere = try world.session(resource: other.id)
        func connection(_ resource: ResourceID) throws -> Connection {
            Connection(
                id: .random(), userID: world.user.id, resourceID: resource, provider: try ProviderName("hub"),
                asked: try ScopeSet(parsing: "repo"), scope: try ScopeSet(parsing: "repo"), tokens: [7],
                createdAt: now)
        }
        let (here, there) = (try connection(world.resource.id), try connection(other.id))
        try await world.store.write { tx in
            _ = try tx.resources.insert(other)
            try tx.connections.connect(here)
            try tx.connections.connect(there)
            try tx.resources.set(ResourcePolicy(endsConnections: isPolicy), of: world.resource.id)
            #expect(try tx.resources.policy(of: world.resource.id).endsConnections == isPolicy)
        }
        _ = try await world.active(elsewhere)
        _ = try await world.store.write { [now] in try $0.sessions.end(sessions[0].id, .byAdmin(at: now)) }
        #expect(try await world.store.read { try $0.connections.find(here.id)?.endReason } == nil)
        _ = try await world.store.write { [now] in try $0.sessions.end(sessions[1].id, .byAdmin(at: now)) }
        let (gone, kept, records) = try await world.store.read { tx in
            (try tx.connections.find(here.id), try tx.connections.find(there.id), try tx.audit.tail())
        }
        #expect(gone?.endReason == (isPolicy ? .sessionsEnded : nil) && (gone?.tokens == nil) == isPolicy)
        #expect(kept?.endedAt == nil)
        #expect(records.count { $0.entry.action == .connectionEnded } == (isPolicy ? 1 : 0))
        #expect(records.count { $0.entry.action == .sessionEnded } == 2)
    }
}
