import JOSE
import OAuth
package import Storage

/// Proves which MCP server asks: by HTTP Basic with the id and secret that `resources add` gave it.
/// Spec: RFC 6749 §2.3.1
package struct ResourceAuthentication: Sendable {
    let store: Store

    /// The MCP server that `authorization` names and proves, or `invalid_client`, the same for all that is wrong with it.
    package func identify(authorization: String?) async throws -> Resource {
        guard let authorization else { throw Self.refusal("no Authorization header") }
        let presented = try PresentedClient(Parameters(form: []), authorization: authorization)
        let found = try await store.read { transaction in
            try ResourceID(presented.clientID.string).flatMap { try transaction.resource(id: $0) }
        }
        guard let found, found.isServed else { throw Self.refusal("no such MCP server") }
        guard let secret = presented.secret,
            ConstantTime.equal(Digest.sha256(secret.bytes).bytes, found.secretDigest.bytes)
        else { throw Self.refusal("wrong secret") }
        return found
    }

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidClient, "Authenticate as the MCP server, by HTTP Basic with its id and secret.", reason: reason)
    }
}
