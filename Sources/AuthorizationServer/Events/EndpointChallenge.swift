import JOSE
import OAuth
import Storage

/// Verifies an endpoint before it receives events: a verification event carries a value that the MCP server has to
/// return with its own credentials. Otherwise a mistyped address would receive the events of another server.
struct EndpointChallenge: Sendable {
    /// How long one value is valid, in seconds.
    static let lifetime: Int64 = 3600

    let store: Store
    let keys: KeyRing
    let spread: @Sendable () -> Double

    /// The next step for an endpoint that is not verified.
    enum Step: Sendable {
        case send(EventPush)
        case wait(until: Timestamp?)
    }

    /// The verification event to send now, or the time of the next one.
    func step(for queue: PushQueue, of resource: ResourceID, now: Timestamp) async throws -> Step {
        if let stream = queue.stream {
            if stream.state == .disabled { return .wait(until: nil) }
            if now < stream.dueAt { return .wait(until: stream.dueAt) }
            if let end = stream.challengeExpiresAt, now < end {
                let value = value(for: queue.endpoint, of: resource, until: end)
                if Digest.sha256(value) == stream.challengeDigest { return .send(push(value, queue, resource, end)) }
            }
        }
        let end = now + Self.lifetime
        let value = value(for: queue.endpoint, of: resource, until: end)
        let isBegun = try await store.write {
            try $0.eventStreams.challenge(
                queue.endpoint, of: resource, digest: .sha256(value), expiresAt: end, now: now)
        }
        return isBegun ? .send(push(value, queue, resource, end)) : .wait(until: now)
    }

    /// Records the answer to a verification event and returns whether the endpoint is disabled now. An endpoint that
    /// accepts the event is asked again, too, until the value is returned.
    func record(_ answer: PushAnswer, to push: EventPush, of resource: ResourceID, now: Timestamp) async throws -> Bool
    {
        guard let value = push.event.payload["state"]?.string else { return false }
        let pause = DeliverySchedule.pause(afterAttempts: push.attempts + 1, spread: spread())
        return try await store.write { transaction in
            switch answer {
            case .gone:
                return try transaction.eventStreams.disable(push.endpoint, of: resource, answer: answer.recorded)
            case .accepted, .refused, .failed:
                let isRecorded = try transaction.eventStreams.recordChallenge(
                    .sha256(value), of: resource, answer: answer.recorded, again: pause.map { now + $0 })
                return isRecorded && pause == nil
            }
        }
    }

    /// Computes the value: the database keeps only its digest, and repeated events need the value again.
    private func value(for endpoint: String, of resource: ResourceID, until end: Timestamp) -> String {
        let text = "gatehouse events endpoint\n\(resource)\n\(end.seconds)\n\(endpoint)"
        return Base64URL.encode(HMAC.sha256(key: keys.secret(.form).bytes, Array(text.utf8)))
    }

    private func push(_ value: String, _ queue: PushQueue, _ resource: ResourceID, _ end: Timestamp) -> EventPush {
        // The id derives from the value, so that repetitions are the same event.
        let id = EventID(bytes: Array(Digest.sha256("jti\n" + value).bytes.prefix(16))) ?? .random()
        let event = SecurityEvent(
            id: id, type: .verification, issuedAt: end - Self.lifetime, about: .stream(resource),
            payload: ["state": .string(value)])
        return EventPush(
            event: event, audience: queue.audience, endpoint: queue.endpoint, attempts: queue.stream?.attempts ?? 0)
    }
}
