import OAuth
import Storage

/// Lets an MCP server revoke one of its sessions. Another MCP server's session is answered as an unknown one; revoking a session
/// again changes nothing.
package struct SessionEndpoint: Sendable {
    let store: Store
    let authentication: ResourceAuthentication
    let clock: WallClock

    /// Revokes the session with the id `text`, the `sid` of its tokens, for the MCP server that authenticates by `authorization`.
    package func end(_ text: String, authorization: String?) async throws {
        let now = clock.now()
        let asker = try await authentication.identify(authorization).id
        guard let id = SessionID(text) else { throw Self.unknown }
        let isKnown = try await store.write { transaction in
            guard try transaction.sessions.find(id)?.resourceID == asker else { return false }
            _ = try transaction.sessions.end(
                id,
                SessionEnding(reason: .revokedByResource, initiator: .system, actor: .resource(asker), at: now))
            return true
        }
        guard isKnown else { throw Self.unknown }
    }

    static let unknown = OAuthError(.notFound, "This MCP server has no session with this id.")
}
