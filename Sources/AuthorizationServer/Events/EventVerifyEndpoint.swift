package import JOSE
import OAuth
package import Storage

/// Accepts the value of a verification event. The caller proves that it received the event and that it has the MCP
/// server's credentials, so the endpoint belongs to that MCP server.
package struct EventVerifyEndpoint: Sendable {
    let store: Store
    let clock: WallClock

    /// Activates the endpoint of `resource`, which is authenticated, or refuses. Repeating the right value changes
    /// nothing.
    package func answer(_ body: JSONObject, for resource: Resource) async throws {
        let now = clock.now()
        guard let state = body["state"]?.string, state.utf8.count <= 256 else {
            throw OAuthError(.invalidRequest, "Send the state of the verification event as a string.")
        }
        guard try await store.write({ try $0.eventStreams.prove(.sha256(state), of: resource.id, now: now) }) else {
            throw OAuthError(
                .invalidRequest,
                "The state does not match the last verification event or is older than an hour; another event follows.")
        }
    }
}
