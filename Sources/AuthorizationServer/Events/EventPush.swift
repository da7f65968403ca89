import OAuth
import Outbound
import Storage

/// One attempt to deliver an event, with its audience and its endpoint.
struct EventPush: Sendable {
    let event: SecurityEvent
    let audience: ResourceIdentifier
    let endpoint: String
    /// The number of earlier attempts.
    let attempts: Int

    /// Signs the event, sends it and reads the answer.
    func send(by sender: EventSender, signer: EventSigner, now: Timestamp) async -> PushAnswer {
        guard let token = try? signer.sign(event, for: audience, now: now) else {
            return .failed(EventAnswer(error: "not signed"), isTrouble: true, retryAfter: nil)
        }
        do throws(OutboundFailure) {
            return PushAnswer(try await sender.send(token, to: endpoint))
        } catch {
            return PushAnswer(error)
        }
    }
}

extension EventPush {
    /// The next attempt at a queued event.
    init(_ record: EventRecord, in queue: PushQueue, _ verification: VerificationValue) {
        self.init(
            event: verification.complete(record.event, to: queue.endpoint), audience: queue.audience,
            endpoint: queue.endpoint, attempts: record.attempts)
    }
}
