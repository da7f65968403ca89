import JOSE
import OAuth
package import Storage

/// Proves that a request comes from an MCP server: by HTTP Basic, with the id and secret that its operator was given.
/// Spec: RFC 6749 §2.3.1
package struct ResourceAuthentication: Sendable {
    let store: Store
    let counters: Counters

    /// The MCP server behind `authorization`; whatever is wrong with it is refused as `invalid_client`.
    package func identify(_ authorization: String?) async throws -> Resource {
        do {
            return try await prove(authorization)
        } catch let error as OAuthError {
            counters.refused(error)
            throw error
        }
    }

    private func prove(_ authorization: String?) async throws -> Resource {
        guard let authorization else { throw Self.refusal("no Authorization header") }
        let presented = try PresentedClient(Parameters(query: ""), authorization: authorization)
        let named = try await store.read { transaction in
            try ResourceID(presented.clientID.string).flatMap { try transaction.resource(id: $0) }
        }
        guard let named, named.isServed else { throw Self.refusal("no such MCP server") }
        guard let secret = presented.secret,
            ConstantTime.equal(Digest.sha256(secret.bytes).bytes, named.secretDigest.bytes)
        else { throw Self.refusal("wrong secret") }
        return named
    }

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidClient, "Authenticate as the MCP server by HTTP Basic, with its id and secret.", reason: reason)
    }
}
