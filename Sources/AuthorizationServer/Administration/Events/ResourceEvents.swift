import JOSE
package import OAuth
package import Storage

/// How the events of one MCP server arrive: the state of their delivery, its verification, and the last delivery.
package struct ResourceEvents: Sendable {
    /// The endpoint and its state; nil if the MCP server polls, or before the first verification event.
    package let stream: EventStream?
    /// The newest verification event; nil if there was none.
    package let verification: EventRecord?
    /// When the MCP server last accepted an event; nil if it did not in a week.
    package let lastDelivery: Timestamp?
    /// When the oldest event that waits was made; nil if none waits.
    package let waitingSince: Timestamp?
    private let resource: Resource

    /// What the database holds about the events of `resource`.
    package init(of resource: Resource, in transaction: Transaction) throws {
        self.resource = resource
        stream = try transaction.eventStreams.find(of: resource.id)
        verification = try transaction.eventVerifications.latest(of: resource.id)
        lastDelivery = try transaction.events.lastDelivery(to: resource.id)
        waitingSince = try transaction.events.waitingSince(for: resource.id)
    }

    /// The failure that the endpoint's present state is due to: the one that disabled it, or the last one of its verification.
    package var failure: EventAnswer? {
        if let stream, stream.state == .disabled {
            return EventAnswer(status: stream.lastStatus, error: stream.lastError)
        }
        guard let verification, verification.state == .waiting, verification.attempts > 0 else { return nil }
        return EventAnswer(status: verification.lastStatus, error: verification.lastError)
    }

    /// The members of `resources show` about events.
    var row: JSONObject {
        let state = resource.eventsEndpoint == nil ? "polled" : (stream?.state ?? .unverified).rawValue
        return [
            "events_endpoint": JSON(resource.eventsEndpoint), "events": .string(state),
            "events_verified_at": JSON(stream?.verifiedAt),
            "events_verification": JSON(verification?.event.id.string),
            "events_verification_state": JSON(verification?.state.rawValue),
            "events_last_delivery_at": JSON(lastDelivery), "events_waiting_since": JSON(waitingSince),
            "events_polled_at": JSON(resource.eventsEndpoint == nil ? resource.polledAt : nil),
            "events_last_status": JSON(failure?.status), "events_last_error": JSON(failure?.error),
        ]
    }
}
