import AuthorizationServer
import JOSE
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport

/// A server with MCP servers that have events endpoints, and a clock that a test moves by hand.
struct EventStage: Sendable {
    let harness: Harness
    let log: CapturedLog
    let deliverer: EventDeliverer

    var store: Store { harness.gatehouse.store }
    var now: Timestamp { harness.clock.now }

    /// Runs a test; attempts are not moved apart unless `spread` says so.
    static func run(
        spread: Double = 0, deadline: Int64 = 10_000, _ test: @Sendable @escaping (EventStage) async throws -> Void
    ) async throws {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { harness in
            let deliverer = EventDeliverer(
                harness.gatehouse, sender: EventSender(deadline: deadline), log: log.logger, spread: { spread })
            try await test(EventStage(harness: harness, log: log, deliverer: deliverer))
        }
    }

    /// An MCP server; with an endpoint, or one that polls.
    func resource(_ name: String, endpoint: String? = nil) async throws -> Resource {
        let resource = Resource(
            identifier: try ResourceIdentifier("https://\(name).example/mcp"), name: name, owner: "Team", scopes: [],
            secretDigest: .sha256(name), eventsEndpoint: endpoint, createdAt: now)
        _ = try await store.write { try $0.resources.insert(resource) }
        return resource
    }

    /// An MCP server whose endpoint has shown that it wants events.
    func proven(_ name: String, _ receiver: Receiver) async throws -> Resource {
        let resource = try await resource(name, endpoint: receiver.endpoint)
        await deliverer.deliverDue()
        try await verify(resource, receiver.state)
        return resource
    }

    /// Names another endpoint, as an operator does.
    func point(_ resource: Resource, at receiver: Receiver) async throws {
        try await store.write { [now] in
            try $0.eventStreams.set(eventsEndpoint: receiver.endpoint, of: resource.id, now: now)
        }
    }

    /// Brings back what a verification event carried.
    func verify(_ resource: Resource, _ state: String?) async throws {
        try await harness.gatehouse.eventVerify.answer(["state": .string(state ?? "")], for: resource)
    }

    /// Asks for a verification event, as an MCP server does.
    func askForVerification(of resource: Resource) async throws {
        try await harness.gatehouse.eventVerify.request(for: resource)
    }

    /// The newest verification event of an MCP server.
    func verification(of resource: Resource) async throws -> EventRecord? {
        try await store.read { try $0.eventVerifications.latest(of: resource.id) }
    }

    /// Queues events and returns their ids in order.
    @discardableResult
    func queue(_ count: Int = 1, for resource: Resource) async throws -> [String] {
        let events = (0..<count).map { _ in
            SecurityEvent(
                type: .elicitationCompleted, issuedAt: now, about: .person(harness.user.subject), transaction: "eli_x",
                payload: ["kind": "confirm"])
        }
        try await store.write { transaction in
            for event in events { try transaction.events.enqueue(event, resource: resource.id) }
        }
        return events.map(\.id.string)
    }

    /// How the rows of these events stand.
    func records(_ ids: [String]) async throws -> [EventRecord] {
        try await store.read { transaction in try ids.compactMap { try EventID($0).flatMap(transaction.events.find) } }
    }

    func states(_ ids: [String]) async throws -> [EventRecord.State] { try await records(ids).map(\.state) }

    /// Has an event sent again, as an operator would.
    func retry(_ id: String) async throws -> Bool {
        guard let id = EventID(id) else { return false }
        return try await store.write { [now] in try $0.events.retry(id, now: now) }
    }

    /// Moves the clock and sends what is due then.
    func later(by seconds: Int64) async {
        harness.clock.advance(by: seconds)
        await deliverer.deliverDue()
    }

    /// What the log says of endpoints that were closed: the metadata of each line.
    var notices: [String] {
        let words =
            "notice an events endpoint is disabled; nothing is sent there until its MCP server or an operator has it verified again "
        return log.lines.filter { $0.hasPrefix(words) }.map { String($0.dropFirst(words.count)) }
    }

    /// What `gatehouse events list` gets.
    func list() async throws -> AdministrationAnswer {
        try await Administration(store: store, keys: nil, clock: harness.clock.wall)
            .run(.events(.list(resource: nil, state: nil)), by: Administrator(uid: 1000, claimed: nil))
    }

    func poll(_ body: JSONObject = [:], as resource: Resource) async throws -> JSONObject {
        var endpoint = harness.gatehouse.eventPoll
        endpoint.holdTime = 0
        return try await endpoint.answer(body, for: resource, onDisconnect: { _ in }).object ?? JSONObject()
    }
}

extension JSONObject {
    /// The ids of the events in an answer, in order.
    var setIDs: [String] { self["sets"]?.object?.members.map(\.name) ?? [] }
}
