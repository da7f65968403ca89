import JOSE
import OAuth
import Storage

/// Asks an endpoint to show that it wants events before it gets any: a verification event carries a value that the MCP
/// server has to bring back with its own credentials.
struct EndpointChallenge: Sendable {
    /// Seconds for which one value is good.
    static let life: Int64 = 3600

    let store: Store
    let keys: KeyRing
    let spread: @Sendable () -> Double

    /// What to do about an endpoint that is not proven.
    enum Step: Sendable {
        case ask(EventPush)
        case wait(until: Timestamp?)
    }

    /// Asks now, or says when.
    func step(for queue: PushQueue, of resource: ResourceID, now: Timestamp) async throws -> Step {
        if let stream = queue.stream {
            if stream.state == .disabled { return .wait(until: nil) }
            if now < stream.dueAt { return .wait(until: stream.dueAt) }
            if let end = stream.challengeExpiresAt, now < end {
                let value = value(for: queue.endpoint, of: resource, until: end)
                if Digest.sha256(value) == stream.challengeDigest { return .ask(push(value, queue, resource, end)) }
            }
        }
        let end = now + Self.life
        let value = value(for: queue.endpoint, of: resource, until: end)
        let isBegun = try await store.write {
            try $0.eventStreams.challenge(
                queue.endpoint, of: resource, digest: .sha256(value), expiresAt: end, now: now)
        }
        return isBegun ? .ask(push(value, queue, resource, end)) : .wait(until: now)
    }

    /// Writes down what came of asking. Also one who took it is asked again until the value comes back. True when that was
    /// the last time.
    func note(_ answer: PushAnswer, to push: EventPush, of resource: ResourceID, now: Timestamp) async throws -> Bool {
        guard let value = push.event.payload["state"]?.string else { return false }
        let pause = DeliverySchedule.pause(afterAttempts: push.attempts + 1, spread: spread())
        return try await store.write { transaction in
            switch answer {
            case .gone: return try transaction.eventStreams.disable(push.endpoint, of: resource, answer: answer.kept)
            case .accepted, .refused, .failed:
                let isNoted = try transaction.eventStreams.noteChallenge(
                    .sha256(value), of: resource, answer: answer.kept, again: pause.map { now + $0 })
                return isNoted && pause == nil
            }
        }
    }

    /// The value is computed, so that it can be sent again though only its digest is kept.
    private func value(for endpoint: String, of resource: ResourceID, until end: Timestamp) -> String {
        let text = "gatehouse events endpoint\n\(resource)\n\(end.seconds)\n\(endpoint)"
        return Base64URL.encode(HMAC.sha256(key: keys.secret(.form).bytes, Array(text.utf8)))
    }

    private func push(_ value: String, _ queue: PushQueue, _ resource: ResourceID, _ end: Timestamp) -> EventPush {
        // One value is one event, however often it is sent.
        let id = EventID(bytes: Array(Digest.sha256("jti\n" + value).bytes.prefix(16))) ?? .random()
        let event = SecurityEvent(
            id: id, type: .verification, issuedAt: end - Self.life, about: .stream(resource),
            payload: ["state": .string(value)])
        return EventPush(
            event: event, audience: queue.audience, endpoint: queue.endpoint, attempts: queue.stream?.attempts ?? 0)
    }
}

extension PushAnswer {
    /// What is written down of it.
    var kept: EventAnswer {
        switch self {
        case .accepted: EventAnswer()
        case .refused(let answer), .failed(let answer, _, _): answer
        case .gone: EventAnswer(status: 410)
        }
    }
}
