package import JOSE
import OAuth
package import Storage

/// Takes back the value that a verification event brought to an endpoint: whoever received it holds the MCP server's
/// credentials too, so the endpoint is the MCP server's own.
package struct EventVerifyEndpoint: Sendable {
    let store: Store
    let clock: WallClock

    /// Makes the endpoint of `resource` active, or refuses. Repeating the right value changes nothing.
    package func answer(_ body: JSONObject, for resource: Resource) async throws {
        let now = clock.now()
        guard let state = body["state"]?.string, state.utf8.count <= 256 else {
            throw OAuthError(.invalidRequest, "Send the state of the verification event as a text.")
        }
        guard try await store.write({ try $0.eventStreams.prove(.sha256(state), of: resource.id, now: now) }) else {
            throw OAuthError(
                .invalidRequest,
                "The state is not that of the last verification event, or an hour has passed; another event follows.")
        }
    }
}
