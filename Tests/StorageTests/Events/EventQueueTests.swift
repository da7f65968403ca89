import JOSE
import OAuth
import Synchronization
import Testing

@testable import Storage

@Suite("The queue of events", .onEachStore)
struct EventQueueTests {
    private let start = World.start
    private let day: Int64 = 86_400

    /// Has the events of the MCP server pushed.
    private func push(_ world: World) async throws {
        try await world.store.write { [start] in
            try $0.eventStreams.set(eventsEndpoint: "https://files.example/events", of: world.resource.id, now: start)
        }
    }

    private func queue(_ world: World, at time: Timestamp, of resource: ResourceID? = nil) async throws -> EventID {
        let event = SecurityEvent(
            type: .elicitationCompleted, issuedAt: time, about: .person(world.user.subject), payload: [:])
        try await world.store.write { try $0.events.enqueue(event, resource: resource ?? world.resource.id) }
        return event.id
    }

    private func state(_ id: EventID, _ world: World) async throws -> EventRecord.State? {
        try await world.store.read { try $0.events.find(id) }?.state
    }

    private func tidy(_ world: World, at now: Timestamp, limit: Int = 100) async throws -> Int {
        try await world.store.write { try $0.events.tidy(now: now, limit: limit) }
    }

    @Test func `only its own MCP server settles an event, and only once`() async throws {
        let world = try await World()
        let id = try await queue(world, at: start)
        let (foreign, first, again, late) = try await world.store.write { tx in
            (
                try tx.events.deliver(id, to: .random(), now: start),
                try tx.events.deliver(id, to: world.resource.id, now: start),
                try tx.events.deliver(id, to: world.resource.id, now: start),
                try tx.events.fail(id, to: world.resource.id, answer: EventAnswer(status: 500), again: nil, now: start)
            )
        }
        #expect(!foreign && first && !again && !late)
        #expect(try await state(id, world) == .delivered)
    }

    @Test func `events are due in the order of their times, and a failure postpones an event`() async throws {
        let world = try await World()
        let ids = [try await queue(world, at: start), try await queue(world, at: start)]
        _ = try await world.store.write { tx in
            try tx.events.fail(
                ids[0], to: world.resource.id, answer: EventAnswer(error: "no connection"), again: start + 8, now: start
            )
        }
        func due(_ now: Timestamp) async throws -> [EventID] {
            try await world.store.read { try $0.events.due(of: world.resource.id, now: now, limit: 9) }.map(\.event.id)
        }
        #expect(try await due(start) == [ids[1]])
        #expect(try await due(start + 8) == [ids[1], ids[0]])
        #expect(try await world.store.read { try $0.events.nextDue(of: world.resource.id, after: start) } == start + 8)
        try await world.store.write { try $0.events.makeDue(eventsFor: world.resource.id, now: start + 1) }
        #expect(try await due(start + 1) == [ids[1], ids[0]])
    }

    @Test
    func
        `a delivered event is kept for a week and a dead letter for thirty days, and an event waits for four days at most`()
        async throws
    {
        let world = try await World()
        try await push(world)
        let (delivered, dead, waiting) = (
            try await queue(world, at: start), try await queue(world, at: start), try await queue(world, at: start)
        )
        try await world.store.write { tx in
            try tx.events.deliver(delivered, to: world.resource.id, now: start)
            try tx.events.fail(dead, to: world.resource.id, answer: EventAnswer(status: 400), again: nil, now: start)
        }
        #expect(try await tidy(world, at: start + 4 * day - 1) == 0)
        #expect(try await tidy(world, at: start + 4 * day) == 1)
        #expect(try await state(waiting, world) == .dead)
        #expect(try await world.store.read { try $0.events.find(waiting) }?.lastError == "nobody took it")
        #expect(try await tidy(world, at: start + 7 * day - 1) == 0)
        #expect(try await tidy(world, at: start + 7 * day) == 1)
        #expect(try await state(delivered, world) == nil)
        #expect(try await tidy(world, at: start + 30 * day) == 1)
        #expect(try await state(dead, world) == nil)
        #expect(try await tidy(world, at: start + 34 * day) == 1)
        #expect(try await state(waiting, world) == nil)
    }

    @Test func `an MCP server that receives no events leaves no dead letters: its events are deleted after four days`()
        async throws
    {
        let world = try await World()
        let (waiting, refused) = (try await queue(world, at: start), try await queue(world, at: start))
        _ = try await world.store.write { [start] tx in
            try tx.events.fail(
                refused, to: world.resource.id, answer: EventAnswer(error: "invalid_key"), again: start + 1, now: start)
        }
        #expect(try await tidy(world, at: start + 4 * day - 1) == 0)
        #expect(try await state(waiting, world) == .waiting)
        #expect(try await tidy(world, at: start + 4 * day + 1) == 2)
        #expect(try await state(waiting, world) == nil)
        #expect(try await state(refused, world) == .dead, "what the MCP server could not use is told to the operator")
        #expect(try await world.store.read { try $0.events.waitingCount() } == 0)
    }

    @Test func `an MCP server that polled and stopped leaves dead letters`() async throws {
        let world = try await World()
        try await world.store.write { [start] tx in try tx.resources.recordPoll(by: world.resource.id, now: start) }
        let (missed, late) = (try await queue(world, at: start + 1), try await queue(world, at: start + 4 * day))
        #expect(try await world.store.read { try $0.events.waitingCount() } == 1)
        #expect(try await tidy(world, at: start + 9 * day) == 2)
        #expect(try await state(missed, world) == .dead)
        #expect(try await state(late, world) == nil)
    }

    @Test func `a restarted delivery has four more days, whatever the age of the event`() async throws {
        let world = try await World()
        try await push(world)
        let id = try await queue(world, at: start)
        let isRetried = try await world.store.write { [start, day] tx in
            try tx.events.fail(
                id, to: world.resource.id, answer: EventAnswer(status: 503), again: nil, now: start + 3 * day)
            return try tx.events.retry(id, now: start + 5 * day)
        }
        #expect(isRetried)
        #expect(try await tidy(world, at: start + 9 * day - 1) == 0)
        #expect(try await state(id, world) == .waiting)
        #expect(try await tidy(world, at: start + 9 * day) == 1)
        #expect(try await state(id, world) == .dead)
    }

    @Test func `housekeeping of events works in small steps, each along an index`() async throws {
        let world = try await World()
        for _ in 0..<5 { _ = try await queue(world, at: start) }
        #expect(try await tidy(world, at: start + 4 * day, limit: 2) == 2)
        #expect(try await tidy(world, at: start + 4 * day, limit: 2) == 2)
        #expect(try await tidy(world, at: start + 4 * day, limit: 2) == 1)
        let steps = [
            """
            SELECT sequence FROM events
            WHERE state = 'waiting' AND settled_at IS NULL AND created_at <= ?1 AND due_at <= ?1 ORDER BY created_at
            """,
            "SELECT sequence FROM events WHERE state = 'dead' AND settled_at <= ?1 ORDER BY settled_at",
            "SELECT id FROM events WHERE resource_id = ?1 AND state = 'waiting' AND due_at <= 5 ORDER BY due_at, sequence",
        ]
        for step in steps {
            let plan = try await world.store.read { tx in
                try tx.all("EXPLAIN QUERY PLAN " + step, 1) { try $0.text(3) }
            }
            #expect(plan.count == 1 && plan[0].hasPrefix("SEARCH"), "\(step): \(plan)")
        }
    }

    @Test func `a commit signals the MCP servers with a new event`() async throws {
        let world = try await World()
        let told = RefusalDestination()
        world.store.onCommit { told.add($0.streams) }
        _ = try await queue(world, at: start)
        #expect(told.ids == [world.resource.id])
        told.clear()
        try await world.store.write { [start] in
            try $0.eventStreams.set(eventsEndpoint: "https://a.example/e", of: world.resource.id, now: start)
        }
        #expect(told.ids == [world.resource.id])
    }
}

/// What a listener was told.
private final class RefusalDestination: Sendable {
    private let touched = Mutex<Set<ResourceID>>([])

    var ids: Set<ResourceID> { touched.withLock { $0 } }
    func add(_ ids: Set<ResourceID>) { touched.withLock { $0.formUnion(ids) } }
    func clear() { touched.withLock { $0 = [] } }
}
