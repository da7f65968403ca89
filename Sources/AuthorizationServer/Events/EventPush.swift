import OAuth
import Outbound
import Storage

/// One attempt: an event, whom it is for and where it goes.
struct EventPush: Sendable {
    let event: SecurityEvent
    let audience: ResourceIdentifier
    let endpoint: String
    /// How often it was tried before.
    let attempts: Int

    /// Signs it, sends it and reads what came of it.
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
