import Logging
import OAuth
import Storage

/// Writes down what came of an attempt, counts it, and tells the operator what he may have to do.
struct DeliveryRecord: Sendable {
    let resource: ResourceID
    let parts: DeliveryParts

    /// `isBack` says that the endpoint answers again, so that all that waits for it may go.
    func write(_ answer: PushAnswer, to push: EventPush, isBack: Bool, _ now: Timestamp) async throws {
        let again = again(after: answer, push, now)
        let isWritten = try await parts.store.write { [resource] transaction in
            if isBack { try transaction.hasten(eventsFor: resource, now: now) }
            if case .gone = answer { try transaction.disable(push.endpoint, of: resource, answer: answer.kept) }
            guard case .accepted = answer else {
                return try transaction.fail(push.event.id, to: resource, answer: answer.kept, again: again, now: now)
            }
            return try transaction.deliver(push.event.id, to: resource, now: now)
        }
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
        var metadata: Logger.Metadata = ["event": "\(push.event.id)", "resource": "\(resource)"]
        if let status = answer.kept.status { metadata["status"] = "\(status)" }
        if let error = answer.kept.error { metadata["error"] = "\(error)" }
        switch answer {
        case .accepted: parts.counters.event(.delivered)
        case .gone:
            parts.counters.event(.failed)
            parts.log.warning(
                "an events endpoint is gone and gets nothing more; name another by 'gatehouse resources policy'",
                metadata: metadata)
        case .refused, .failed:
            parts.counters.event(isLast ? .dead : .failed)
            guard isLast else { return parts.log.info("an event did not arrive", metadata: metadata) }
            parts.log.warning("an event is given up; 'gatehouse events retry' sends it again", metadata: metadata)
        }
    }
}
