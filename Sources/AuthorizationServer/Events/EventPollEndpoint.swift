package import JOSE
import OAuth
package import Storage

/// Hands events to an MCP server that asks for them, and lets it wait here until there are some.
/// Spec: RFC 8936 §2
package struct EventPollEndpoint: Sendable {
    let store: Store
    let signer: EventSigner
    let watch: CommitWaitList<ResourceID>
    let observer: Observer
    let clock: WallClock
    /// Seconds that a question is held that has no answer yet.
    package var patience: Int64 = 30

    /// How many questions wait for an event now.
    package var waiting: Int { watch.count }

    /// Answers `resource`, which has proven itself. It sees and changes its own events alone. `whenGone` is told what to do
    /// when the asker hangs up.
    package func answer(
        _ body: JSONObject, for resource: Resource, whenGone: (@escaping @Sendable () -> Void) -> Void
    ) async throws -> JSON {
        guard resource.eventsEndpoint == nil else {
            throw OAuthError(
                .invalidRequest, "Events of this MCP server are pushed to its events endpoint and cannot be polled.")
        }
        let request = try EventPollRequest(json: body)
        try await note(resource)
        try await settle(request, of: resource.id)
        let isHeld = request.maximum > 0 && !request.returnsImmediately && patience > 0
        let found = try await watch.wait(for: resource.id, clock: clock, whenGone: whenGone) { found in
            found.isEmpty && isHeld ? patience : nil
        } look: {
            try await look(request, of: resource.id)
        }
        return try json(found, request, for: resource)
    }

    /// Notes that somebody fetches these events: from here on what happens is kept for them. Once an hour is enough.
    private func note(_ resource: Resource) async throws {
        let now = clock.now()
        if let last = resource.polledAt, (0..<3600).contains(now - last) { return }
        try await store.write { try $0.resources.notePoll(by: resource.id, now: now) }
    }

    /// Takes note of what the MCP server has, and of what it cannot use.
    private func settle(_ request: EventPollRequest, of resource: ResourceID) async throws {
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
                let again = error?.mayHeal ?? true ? pause.map { now + $0 } : nil
                let answer = EventAnswer(error: error?.rawValue ?? "other")
                if try transaction.events.fail(id, to: resource, answer: answer, again: again, now: now) {
                    outcomes.append(again == nil ? .dead : .failed)
                }
            }
            return outcomes
        }
        for outcome in outcomes { observer.observe(.eventDelivery(outcome)) }
    }

    /// One more than is asked for tells whether there is more.
    private func look(_ request: EventPollRequest, of resource: ResourceID) async throws -> [EventRecord] {
        let now = clock.now()
        return try await store.read { try $0.events.due(of: resource, now: now, limit: request.maximum + 1) }
    }

    private func json(
        _ found: [EventRecord], _ request: EventPollRequest, for resource: Resource
    ) throws -> JSON {
        let now = clock.now()
        var sets = JSONObject()
        for record in found.prefix(request.maximum) {
            sets[record.event.id.string] = .string(
                try signer.sign(record.event, for: resource.identifier, now: now))
        }
        return ["sets": .object(sets), "moreAvailable": .bool(found.count > request.maximum)]
    }
}
