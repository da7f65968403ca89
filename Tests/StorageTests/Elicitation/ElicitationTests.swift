import JOSE
import OAuth
import StorageSupport
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite("Elicitations: one terminal status, one event, one record", .onEachStore)
struct ElicitationTests {
    private let now = World.start + 10

    private func asked(
        _ world: World, of session: Session, path: String = "a.txt", key: String? = nil, lasting seconds: Int64 = 900
    ) throws -> Elicitation {
        let action: JSONObject = ["name": "delete_file", "summary": .string("Delete \(path)")]
        let ask = try ConfirmRequest(json: ["action": .object(action)])
        return Elicitation(
            resourceID: session.resourceID, userID: world.user.id, subject: world.user.subject,
            clientID: session.clientID, sessionID: session.id, message: "May I?", ask: ask, digest: .sha256(path),
            idempotencyKey: key, createdAt: now, expiresAt: now + seconds)
    }

    private func world() async throws -> (World, Session) {
        let world = try await World()
        return (world, try await world.active(try world.session()))
    }

    private func completed(_ world: World) -> ElicitationOutcome {
        .completed(by: world.user.id, authTime: World.start, content: nil)
    }

    @Test func `the open ones of an MCP server are read along an index of their own`() async throws {
        let (world, _) = try await world()
        let plan = try await world.store.read { tx in
            try tx.all("EXPLAIN QUERY PLAN " + Elicitations.openOfResource, 1, 1, 1, 1, 1) { try $0.text(3) }
        }
        #expect(
            plan == [
                "SEARCH elicitations USING INDEX open_elicitations_by_resource (resource_id=? AND (created_at,id)>(?,?))"
            ])
    }

    @Test func `a result is collected by one claim, and its content is erased`() async throws {
        let (world, session) = try await world()
        let asked = try asked(world, of: session)
        let outcome = ElicitationOutcome.completed(by: world.user.id, authTime: World.start, content: [1, 2, 3])
        try await world.store.write { [now] tx in
            try tx.elicitations.insert(asked)
            _ = try tx.elicitations.finish(asked.id, as: outcome, now: now)
            #expect(try tx.elicitations.collect(asked.id, claim: .sha256("one"), now: now))
            #expect(try !tx.elicitations.collect(asked.id, claim: .sha256("two"), now: now))
            #expect(try !tx.elicitations.collect(asked.id, now: now))
        }
        let stored = try #require(try await world.store.read { try $0.elicitations.find(asked.id) })
        #expect(stored.claimDigest == .sha256("one") && stored.collectedAt == now && stored.content == nil)
    }

    @Test func `an elicitation reads back as it was written`() async throws {
        let (world, session) = try await world()
        let asked = try asked(world, of: session, key: "k")
        try await world.store.write { try $0.elicitations.insert(asked) }
        #expect(try await world.store.read { try $0.elicitations.find(asked.id) } == asked)
        #expect(try await world.store.read { try $0.elicitations.find(page: asked.pageID) } == asked)
        #expect(try await world.store.read { try $0.elicitations.find(.random()) } == nil)
    }

    @Test func `completion, its event and its record are written together, once`() async throws {
        let (world, session) = try await world()
        let asked = try asked(world, of: session)
        let (done, again) = try await world.store.write { [now] tx in
            try tx.elicitations.insert(asked)
            try tx.elicitations.open(asked.id, now: now)
            return (
                try tx.elicitations.finish(asked.id, as: completed(world), now: now + 5),
                try tx.elicitations.finish(asked.id, as: .declined(by: world.user.id), now: now + 6)
            )
        }
        #expect(done?.status == .completed)
        #expect(done?.version == 3)
        #expect(again == nil)
        let (events, records) = try await world.store.read { tx in
            (try tx.count("events"), try tx.audit.tail(limit: 1))
        }
        #expect(events == 1)
        #expect(records.first?.entry.action == .elicitationCompleted)
        #expect(records.first?.entry.initiator == .human)
        #expect(records.first?.entry.correlation == asked.id.string)
        let event = try await world.store.read { try $0.events.find(of: asked.id) }
        #expect(event?.event.type == .elicitationCompleted)
        #expect(event?.event.about == .person(world.user.subject))
        #expect(event?.state == .waiting)
    }

    @Test func `an elicitation expires at its end and not before, and ends in no other way afterwards`() async throws {
        let (world, session) = try await world()
        let asked = try asked(world, of: session)
        let verdicts = try await world.store.write { [now] tx in
            try tx.elicitations.insert(asked)
            return try [
                tx.elicitations.finish(asked.id, as: .expired, now: now + 899),
                tx.elicitations.finish(asked.id, as: completed(world), now: now + 900),
                tx.elicitations.finish(asked.id, as: .declined(by: world.user.id), now: now + 900),
                tx.elicitations.finish(asked.id, as: .expired, now: now + 900),
            ].map { $0?.status }
        }
        #expect(verdicts == [nil, nil, nil, .expired])
        #expect(try await world.store.read { try $0.count("events") } == 1)
    }

    @Test func `the end of a session cancels its open elicitations, with event and record`() async throws {
        let (world, session) = try await world()
        let open = try asked(world, of: session)
        let over = try asked(world, of: session, path: "b.txt")
        try await world.store.write { [now] tx in
            try tx.elicitations.insert(open)
            try tx.elicitations.insert(over)
            _ = try tx.elicitations.finish(over.id, as: completed(world), now: now)
            #expect(try tx.sessions.end(session.id, .byAdmin(at: now + 1)))
        }
        let (cancelled, kept, event) = try await world.store.read {
            (try $0.elicitations.find(open.id), try $0.elicitations.find(over.id), try $0.events.find(of: open.id))
        }
        #expect(cancelled?.status == .cancelled)
        #expect(cancelled?.reason == "session_ended")
        #expect(kept?.status == .completed)
        #expect(event?.event.type == .elicitationCancelled)
        #expect(event?.event.payload["reason"] == "session_ended")
    }

    @Test func `an elicitation whose time passed before the end of its session is expired and not cancelled`()
        async throws
    {
        let (world, session) = try await world()
        let asked = try asked(world, of: session, lasting: 60)
        try await world.store.write { [now] tx in
            try tx.elicitations.insert(asked)
            #expect(try tx.sessions.end(session.id, .byAdmin(at: now + 60)))
        }
        let (expired, event) = try await world.store.read {
            (try $0.elicitations.find(asked.id), try $0.events.find(of: asked.id))
        }
        #expect(expired?.status == .expired && expired?.reason == nil)
        #expect(event?.event.type == .elicitationExpired)
    }

    @Test func `a result is collected once, within its time`() async throws {
        let (world, session) = try await world()
        let asked = try asked(world, of: session)
        let verdicts = try await world.store.write { [now] tx in
            try tx.elicitations.insert(asked)
            let early = try tx.elicitations.collect(asked.id, now: now)
            let outcome = ElicitationOutcome.completed(by: world.user.id, authTime: now, content: [1, 2, 3])
            _ = try tx.elicitations.finish(asked.id, as: outcome, now: now)
            let kept = try tx.elicitations.find(asked.id)?.content
            return (
                early, kept, try tx.elicitations.collect(asked.id, now: now + 899),
                try tx.elicitations.collect(asked.id, now: now + 899)
            )
        }
        #expect(verdicts.0 == false)
        #expect(verdicts.1 == [1, 2, 3])
        #expect(verdicts.2 == true)
        #expect(verdicts.3 == false)
        #expect(try await world.store.read { try $0.elicitations.find(asked.id)?.content } == nil)
    }

    @Test func `an elicitation is found by its question or its key while its answer can be collected`() async throws {
        let (world, session) = try await world()
        let asked = try asked(world, of: session, key: "k")
        try await world.store.write { [now] tx in
            func byDigest(_ time: Timestamp, of id: SessionID) throws -> ElicitationID? {
                try tx.elicitations.find(digest: asked.digest, session: id, resource: asked.resourceID, now: time)?.id
            }
            func byKey(_ client: ClientID) throws -> ElicitationID? {
                try tx.elicitations.find(key: "k", resource: asked.resourceID, user: asked.userID, client: client)?.id
            }
            try tx.elicitations.insert(asked)
            #expect(try byDigest(now, of: asked.sessionID) == asked.id)
            #expect(try byDigest(now + 900, of: asked.sessionID) == nil)
            #expect(try byDigest(now, of: .random()) == nil)
            #expect(try byKey(asked.clientID) == asked.id)
            #expect(try byKey(ClientID("other")) == nil)
            _ = try tx.elicitations.finish(asked.id, as: completed(world), now: now + 1)
            #expect(try byDigest(now + 900, of: asked.sessionID) == asked.id)
            #expect(try byDigest(now + 901, of: asked.sessionID) == nil)
            #expect(try tx.elicitations.collect(asked.id, now: now + 2))
            #expect(try byDigest(now + 3, of: asked.sessionID) == nil)
            #expect(try byKey(asked.clientID) == asked.id)
        }
    }

    @Test func `a ticket is redeemed once, in time, by its own MCP server`() async throws {
        let (world, session) = try await world()
        let asked = try asked(world, of: session)
        let digest = Digest.sha256("ticket")
        let verdicts = try await world.store.write { [now] tx in
            try tx.elicitations.insert(asked)
            #expect(try tx.elicitations.setTicket(digest, of: asked.id, expiresAt: now + 60, now: now))
            return try [
                tx.elicitations.redeem(ticket: digest, resource: .random(), now: now),
                tx.elicitations.redeem(ticket: .sha256("other"), resource: asked.resourceID, now: now),
                tx.elicitations.redeem(ticket: digest, resource: asked.resourceID, now: now + 60),
                tx.elicitations.redeem(ticket: digest, resource: asked.resourceID, now: now + 59),
                tx.elicitations.redeem(ticket: digest, resource: asked.resourceID, now: now + 59),
            ]
        }
        #expect(verdicts == [false, false, false, true, false])
    }

    @Test
    func `housekeeping expires elicitations with an event, erases uncollected results, and deletes after a month`()
        async throws
    {
        let (world, session) = try await world()
        let late = try asked(world, of: session)
        let full = try asked(world, of: session, path: "b.txt")
        try await world.store.write { [now] tx in
            try tx.elicitations.insert(late)
            try tx.elicitations.insert(full)
            _ = try tx.elicitations.finish(
                full.id, as: .completed(by: world.user.id, authTime: now, content: [7]), now: now)
        }
        try await world.store.write { [now] tx in _ = try tx.housekeep(now: now + 900, limit: 10) }
        let (expired, erased, event) = try await world.store.read {
            (try $0.elicitations.find(late.id), try $0.elicitations.find(full.id), try $0.events.find(of: late.id))
        }
        #expect(expired?.status == .expired)
        #expect(event?.event.type == .elicitationExpired)
        #expect(erased?.status == .completed)
        #expect(erased?.content == nil)
        try await world.store.write { [now] tx in _ = try tx.housekeep(now: now + 31 * 86_400, limit: 10) }
        #expect(try await world.store.read { try $0.count("elicitations") } == 0)
    }

    @Test func `a commit signals a changed elicitation, and not one that was refused`() async throws {
        let (world, session) = try await world()
        let asked = try asked(world, of: session)
        let heard = Mutex<[CommitSignals]>([])
        world.store.onCommit { signals in heard.withLock { $0.append(signals) } }
        try await world.store.write { try $0.elicitations.insert(asked) }
        try await world.store.write { [now] in _ = try $0.elicitations.finish(asked.id, as: completed(world), now: now)
        }
        #expect(heard.withLock { $0.map(\.elicitations) } == [[asked.id]])
        #expect(heard.withLock { $0.map(\.streams) } == [[asked.resourceID]])
        try await world.store.write { [now] in _ = try $0.elicitations.finish(asked.id, as: completed(world), now: now)
        }
        #expect(heard.withLock { $0.count } == 1)
    }

    @Test func `without a policy an MCP server may only ask for confirmations`() async throws {
        let (world, _) = try await world()
        let id = world.resource.id
        #expect(try await world.store.read { try $0.resources.policy(of: id) } == ResourcePolicy())
        let policy = ResourcePolicy(
            elicitationKinds: [.secret, .external], externalHosts: ["pay.example", "x.example:8443"])
        try await world.store.write { try $0.resources.set(policy, of: id) }
        #expect(try await world.store.read { try $0.resources.policy(of: id) } == policy)
    }
}

extension Transaction {
    func count(_ table: StaticString) throws -> Int64? {
        try first("SELECT count(*) FROM \(table)") { try $0.integer(0) }
    }
}
