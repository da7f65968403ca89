package import JOSE
import OAuth
package import Storage

/// Reports to an MCP server whether its events reach it. A server that verifies tokens locally learns here when it has
/// to introspect instead.
package struct EventStatusEndpoint: Sendable {
    let store: Store
    let clock: WallClock

    /// Answers `resource`, which is authenticated: its registered URL, the delivery method, its status and start,
    /// and since when the end of a session has been waiting for delivery.
    package func answer(for resource: Resource) async throws -> JSON {
        let (stream, waiting) = try await store.read { transaction in
            (
                try transaction.eventStreams.find(of: resource.id),
                try transaction.events.oldestWaitingEnd(for: resource.id, now: clock.now())
            )
        }
        // The audience tells an MCP server at its start that it calls itself otherwise than it is registered.
        var body: JSONObject = [
            "aud": .string(resource.identifier.string),
            "delivery": .string(resource.eventsEndpoint == nil ? "poll" : "push"),
        ]
        if resource.eventsEndpoint != nil {
            body["status"] = .string((stream?.state ?? .unverified).status)
            body["since"] = stream?.verifiedAt.map { .integer($0.seconds) }
        } else {
            body["status"] = .string(resource.polledAt == nil ? "paused" : "enabled")
        }
        body["waiting_since"] = waiting.map { .integer($0.seconds) }
        return .object(body)
    }
}

extension EventStream.State {
    /// The stream status of the Shared Signals Framework.
    fileprivate var status: String {
        switch self {
        case .unverified: "paused"
        case .active: "enabled"
        case .disabled: "disabled"
        }
    }
}
