import Logging
import OAuth
import Storage

/// Writes down what came of an attempt, counts it, and tells the operator what he may have to do.
struct DeliveryRecord: Sendable {
    let resource: ResourceID
    let parts: DeliveryParts

    /// `trouble` says that the endpoint answers again after so many seconds, so that what waits for it may go. What was tried
    /// more often than fits in there fails on its own and keeps its schedule: else every pause that it causes itself would
    /// cost it an attempt.
    func write(_ answer: PushAnswer, to push: EventPush, after trouble: Int64?, _ now: Timestamp) async throws {
        let again = again(after: answer, push, now)
        let (isWritten, isDisabled) = try await parts.store.write { [resource] transaction in
            if let trouble {
                let attempts = DeliverySchedule.attempts(within: trouble)
                try transaction.events.hasten(eventsFor: resource, triedAtMost: attempts, now: now)
            }
            var isDisabled = false
            if case .gone = answer {
                isDisabled = try transaction.eventStreams.disable(push.endpoint, of: resource, answer: answer.kept)
            }
            guard case .accepted = answer else {
                let isWritten = try transaction.events.fail(
                    push.event.id, to: resource, answer: answer.kept, again: again, now: now)
                return (isWritten, isDisabled)
            }
            return (try transaction.events.deliver(push.event.id, to: resource, now: now), isDisabled)
        }
        if isDisabled { parts.tell(thatDisabled: resource, answer.kept) }
        // Somebody else has settled it meanwhile: then there is nothing to tell.
        if isWritten { tell(answer, push, isLast: again == nil) }
    }

    /// When the next attempt follows. An endpoint that is gone gets none, but the event waits for the next endpoint.
    private func again(after answer: PushAnswer, _ push: EventPush, _ now: Timestamp) -> Timestamp? {
        switch answer {
        case .accepted, .refused: nil
        case .failed: parts.pause(afterAttempts: push.attempts + 1).map { now + $0 }
        case .gone: now
        }
    }

    private func tell(_ answer: PushAnswer, _ push: EventPush, isLast: Bool) {
        switch answer {
        case .accepted: parts.observer.observe(.eventDelivery(.delivered))
        case .gone: parts.observer.observe(.eventDelivery(.failed))
        case .refused, .failed:
            parts.observer.observe(.eventDelivery(isLast ? .dead : .failed))
            guard isLast else {
                return parts.tell("an event did not arrive", answer.kept, to: push, of: resource)
            }
            parts.tell(
                "an event is given up; 'gatehouse events retry' sends it again", level: .warning, answer.kept, to: push,
                of: resource)
        }
    }
}
