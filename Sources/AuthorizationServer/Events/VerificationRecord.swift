import OAuth
import Storage

/// Records the outcome of an attempt to send a verification event. Only the returned value settles the event: an endpoint that
/// accepts it and returns nothing is sent the event again, on the schedule of every event.
struct VerificationRecord: Sendable {
    let resource: ResourceID
    let services: DeliveryServices

    /// Records an answer. After the last attempt, an endpoint that was never verified is disabled.
    func write(_ answer: PushAnswer, to push: EventPush, after trouble: Int64?, _ now: Timestamp) async throws {
        let pause = services.pause(afterAttempts: push.attempts + 1)
        let isDisabled = try await services.store.write { [resource] transaction in
            if let trouble { try transaction.events.makeDue(eventsFor: resource, afterTrouble: trouble, now: now) }
            var again = pause.map { now + $0 }
            // After 410 the event waits until the MCP server or an operator asks for it.
            if case .gone = answer { again = now }
            let isWritten = try transaction.events.fail(
                push.event.id, to: resource, answer: answer.unverified, again: again, now: now)
            let isUnverified = try transaction.eventStreams.find(of: resource)?.state == .unverified
            guard answer == .gone || (isWritten && again == nil && isUnverified) else { return false }
            return try transaction.eventStreams.disable(push.endpoint, of: resource, answer: answer.unverified)
        }
        if isDisabled { services.logDisabled(resource, answer.unverified) }
        switch answer {
        case .accepted, .gone: break
        case .refused, .failed:
            services.logRefusal(
                "an events endpoint did not accept its verification", answer.recorded, to: push, of: resource)
        }
    }
}

extension PushAnswer {
    /// What is recorded of an answer while the value has not come back.
    fileprivate var unverified: EventAnswer {
        self == .accepted ? EventAnswer(error: "state not returned") : recorded
    }
}
