package import JOSE
import OAuth
package import Storage

/// Answers MCP servers that poll for events, and holds a request until there are some.
///
/// Spec: RFC 8936 §2
package struct EventPollEndpoint: Sendable {
    let store: Store
    let signer: EventSigner
    let verification: VerificationValue
    let waitList: CommitWaitList<ResourceID>
    let observer: Observer
    let clock: WallClock
    /// How long a request without events is held, in seconds.
    package var holdTime: Int64 = 30

    /// The number of held requests.
    package var heldRequests: Int { waitList.count }

    /// Answers `resource`, which is authenticated and sees only its own events. `onDisconnect` registers what runs when
    /// the MCP server closes the connection.
    package func answer(
        _ body: JSONObject, for resource: Resource, onDisconnect: (@escaping @Sendable () -> Void) -> Void
    ) async throws -> JSON {
        guard resource.eventsEndpoint == nil else {
            throw OAuthError(
                .invalidRequest,
                "This MCP server has an events endpoint, so its events are pushed and cannot be polled.")
        }
        let request = try EventPollRequest(json: body)
        try await recordPoll(by: resource)
        try await recordReceipts(request, of: resource.id)
        let isHeld = request.maximum > 0 && !request.returnsImmediately && holdTime > 0
        let records = try await waitList.wait(for: resource.id, clock: clock, onDisconnect: onDisconnect) { records in
            records.isEmpty && isHeld ? holdTime : nil
        } read: {
            try await dueRecords(request, of: resource.id)
        }
        return try json(records, request, for: resource)
    }

    /// Records that the MCP server polls: events are kept only for servers that do. Once an hour is enough.
    private func recordPoll(by resource: Resource) async throws {
        let now = clock.now()
        if let last = resource.polledAt, (0..<3600).contains(now - last) { return }
        try await store.write { try $0.resources.recordPoll(by: resource.id, now: now) }
    }

    /// Records the events that the MCP server acknowledges and those that it cannot use.
    private func recordReceipts(_ request: EventPollRequest, of resource: ResourceID) async throws {
        guard !request.acknowledged.isEmpty || !request.errors.isEmpty else { return }
        let now = clock.now()
        let outcomes = try await store.write { transaction in
            var outcomes: [EventOutcome] = []
            for id in request.acknowledged where try transaction.events.deliver(id, to: resource, now: now) {
                outcomes.append(.delivered)
            }
            for (id, code) in request.errors {
                guard let event = try transaction.events.find(id), event.resourceID == resource else { continue }
                let error = EventError(rawValue: code)
                let pause = DeliverySchedule.pause(afterAttempts: event.attempts + 1, spread: 0)
                let again = error?.isRetryable ?? true ? pause.map { now + $0 } : nil
                let answer = EventAnswer(error: error?.rawValue ?? "other")
                if try transaction.events.fail(id, to: resource, answer: answer, again: again, now: now) {
                    outcomes.append(again == nil ? .dead : .failed)
                }
            }
            return outcomes
        }
        for outcome in outcomes { observer.observe(.eventDelivery(outcome)) }
    }

    /// The events that are due, one more than requested: that one tells whether there are more.
    private func dueRecords(_ request: EventPollRequest, of resource: ResourceID) async throws -> [EventRecord] {
        let now = clock.now()
        return try await store.read { try $0.events.due(of: resource, now: now, limit: request.maximum + 1) }
    }

    private func json(
        _ records: [EventRecord], _ request: EventPollRequest, for resource: Resource
    ) throws -> JSON {
        let now = clock.now()
        var sets = JSONObject()
        for record in records.prefix(request.maximum) {
            let event = verification.complete(record.event, to: nil)
            sets[event.id.string] = .string(try signer.sign(event, for: resource.identifier, now: now))
        }
        return ["sets": .object(sets), "moreAvailable": .bool(records.count > request.maximum)]
    }
}
