import OAuth
import Storage

/// Lets an MCP server end a session of its own. Another's is answered as an unknown one; ending it again changes nothing.
package struct SessionEndpoint: Sendable {
    let store: Store
    let authentication: ResourceAuthentication
    let clock: WallClock

    /// Ends the session that the tokens of `authorization`'s MCP server name `sid`.
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

    private static let unknown = OAuthError(.notFound, "There is no such session of this MCP server.")
}
