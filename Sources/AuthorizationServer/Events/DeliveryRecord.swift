import Logging
import OAuth
import Storage

/// Records the outcome of an attempt in the database, counts it, and logs what an operator may have to act on.
struct DeliveryRecord: Sendable {
    let resource: ResourceID
    let services: DeliveryServices

    /// Records an answer.
    ///
    /// `trouble` is how long the endpoint had failed before this answer, in seconds. Its waiting events are then sent
    /// at once, except those with more attempts than fit into that time: they fail on their own, and each pause that
    /// they cause would cost them an attempt.
    func write(_ answer: PushAnswer, to push: EventPush, after trouble: Int64?, _ now: Timestamp) async throws {
        let again = again(after: answer, push, now)
        let (isWritten, isDisabled) = try await services.store.write { [resource] transaction in
            if let trouble { try transaction.events.makeDue(eventsFor: resource, afterTrouble: trouble, now: now) }
            var isDisabled = false
            if case .gone = answer {
                isDisabled = try transaction.eventStreams.disable(push.endpoint, of: resource, answer: answer.recorded)
            }
            guard case .accepted = answer else {
                let isWritten = try transaction.events.fail(
                    push.event.id, to: resource, answer: answer.recorded, again: again, now: now)
                return (isWritten, isDisabled)
            }
            return (try transaction.events.deliver(push.event.id, to: resource, now: now), isDisabled)
        }
        if isDisabled { services.logDisabled(resource, answer.recorded) }
        // Another process may have recorded an outcome meanwhile; that one counts.
        if isWritten { report(answer, push, isLast: again == nil) }
    }

    /// The time of the next attempt; nil if there is none. After 410 the event waits for another endpoint.
    private func again(after answer: PushAnswer, _ push: EventPush, _ now: Timestamp) -> Timestamp? {
        switch answer {
        case .accepted, .refused: nil
        case .failed: services.pause(afterAttempts: push.attempts + 1).map { now + $0 }
        case .gone: now
        }
    }

    private func report(_ answer: PushAnswer, _ push: EventPush, isLast: Bool) {
        switch answer {
        case .accepted: services.observer.observe(.eventDelivery(.delivered))
        case .gone: services.observer.observe(.eventDelivery(.failed))
        case .refused, .failed:
            services.observer.observe(.eventDelivery(isLast ? .dead : .failed))
            guard isLast else {
                return services.logRefusal("an event was not delivered", answer.recorded, to: push, of: resource)
            }
            services.logRefusal(
                "an event is given up; 'gatehouse events retry' sends it again", level: .warning, answer.recorded,
                to: push,
                of: resource)
        }
    }
}

extension Events {
    /// Makes the events due that failed only because their endpoint did, for so many seconds.
    func makeDue(eventsFor resource: ResourceID, afterTrouble seconds: Int64, now: Timestamp) throws {
        try makeDue(eventsFor: resource, afterAtMost: DeliverySchedule.attempts(within: seconds), now: now)
    }
}
