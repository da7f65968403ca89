package import JOSE
import OAuth
package import Storage

/// Tells an MCP server whether what happens reaches it, so that one that checks tokens itself knows when it has to ask.
package struct EventStatusEndpoint: Sendable {
    let store: Store
    let clock: WallClock

    /// Answers `resource`, which has proven itself: how its events travel, whether they do, since when, and whether the end
    /// of a session waits for it longer than it should, or was given up.
    package func answer(for resource: Resource) async throws -> JSON {
        let (stream, waiting) = try await store.read { transaction in
            (
                try transaction.eventStreams.find(of: resource.id),
                try transaction.events.oldestWaitingEnd(for: resource.id, now: clock.now())
            )
        }
        var body: JSONObject = ["delivery": .string(resource.eventsEndpoint == nil ? "poll" : "push")]
        if let endpoint = resource.eventsEndpoint {
            let stream = stream.flatMap { $0.endpoint == endpoint ? $0 : nil }
            body["status"] = .string((stream?.state ?? .unverified).word)
            body["since"] = stream?.verifiedAt.map { .integer($0.seconds) }
        } else {
            body["status"] = .string(resource.polledAt == nil ? "paused" : "enabled")
        }
        body["waiting_since"] = waiting.map { .integer($0.seconds) }
        return .object(body)
    }
}

extension EventStream.State {
    /// The status in the words of the Shared Signals Framework.
    fileprivate var word: String {
        switch self {
        case .unverified: "paused"
        case .active: "enabled"
        case .disabled: "disabled"
        }
    }
}
