package import JOSE
import OAuth
package import Storage

/// Verifies that the events of an MCP server arrive: sends a verification event when the MCP server asks for one, and accepts the
/// value that it carried. Who returns the value received the event and has the MCP server's credentials, so the endpoint belongs to
/// that MCP server.
package struct EventVerifyEndpoint: Sendable {
    let store: Store
    let verification: VerificationValue
    /// The verification events that each MCP server may ask for.
    let requests: RateLimit<ResourceID>
    let clock: WallClock

    /// For so many seconds after it counted, a value may be returned again.
    static let repetition: Int64 = 3600

    /// Sends a verification event to `resource`, which is authenticated. It may ask ten times at once, and twice a minute.
    package func request(for resource: Resource) async throws {
        let now = clock.now()
        try requests.check(resource.id, now: now)
        try await store.write { transaction in
            let wasDisabled = try transaction.eventStreams.find(of: resource.id)?.state == .disabled
            try transaction.eventVerifications.request(of: resource.id, now: now)
            guard wasDisabled else { return }
            try transaction.audit.append(
                AuditEntry(
                    .eventVerificationRequested, at: now, actor: .resource(resource.id), resource: resource.id,
                    initiator: .server))
        }
    }

    /// Activates the endpoint of `resource`, which is authenticated, or refuses. Repeating the right value changes
    /// nothing.
    package func answer(_ body: JSONObject, for resource: Resource) async throws {
        let now = clock.now()
        guard let state = body["state"]?.string, state.utf8.count <= 256 else {
            throw OAuthError(
                .invalidRequest,
                "Send the state of the verification event as a string, or an empty body to get a verification event.")
        }
        let isConfirmed = try await store.write { transaction in
            guard let event = try transaction.eventVerifications.latest(of: resource.id),
                let endpoint = try transaction.resources.find(id: resource.id).map(\.eventsEndpoint),
                verification.matches(state, event.event, to: endpoint),
                event.settledAt.map({ now.isWithin(Self.repetition, of: $0) }) ?? true
            else { return false }
            return try transaction.eventVerifications.confirm(event, at: endpoint, now: now)
        }
        guard isConfirmed else {
            throw OAuthError(
                .invalidRequest,
                "The state is not that of the last verification event. Send an empty body to get a new one.")
        }
    }
}
