import JOSE
import OAuth
package import Storage

/// Authenticates MCP servers at every endpoint that is theirs, by the methods that clients use too.
/// Spec: RFC 6749 §2.3.1
package struct ResourceAuthentication: Sendable {
    let store: Store
    let counters: Counters

    /// The MCP server behind `authorization`; whatever is wrong with it is refused as `invalid_client`, and counted.
    package func identify(_ authorization: String?) async throws -> Resource {
        try await counters.counting {
            guard let authorization else { throw Self.refusal("no Authorization header") }
            return try await resource(PresentedClient(Parameters(query: ""), authorization: authorization))
        }
    }

    /// The same where the credentials may also stand in the form, as at the token endpoint.
    func resource(_ parameters: Parameters, authorization: String?) async throws -> Resource {
        try await counters.counting { try await resource(PresentedClient(parameters, authorization: authorization)) }
    }

    private func resource(_ presented: PresentedClient) async throws -> Resource {
        let found = try await store.read { transaction in
            try ResourceID(presented.clientID.string).flatMap { try transaction.resources.find(id: $0) }
        }
        let named = found.flatMap { $0.isServed ? $0 : nil }
        try Self.prove(presented, secret: named?.secretDigest)
        guard let named else { throw Self.refusal("no such MCP server") }
        return named
    }

    /// Refuses, and counts it, unless `presented` proves the MCP server with this secret; nil where there is no such
    /// server.
    ///
    /// For an endpoint that reads the digest in a transaction of its own.
    func check(_ presented: PresentedClient, secret digest: Digest?) throws(OAuthError) {
        do { try Self.prove(presented, secret: digest) } catch { throw counters.counted(error) }
    }

    private static func prove(_ presented: PresentedClient, secret digest: Digest?) throws(OAuthError) {
        let cause: String
        if let digest {
            // An MCP server may use any method that proves somebody, one at one request and another at the next.
            let isProven = presented.method.accepts(presented, .secret(digest))
            if isProven, ClientAuthenticationMethod.confidential.contains(presented.method) { return }
            cause = presented.method == .none ? "no secret" : "wrong secret"
        } else {
            cause = "no such MCP server"
        }
        throw refusal(cause).asked(by: presented.clientID.string)
    }

    /// The error, after it was counted as a refusal.
    func counted(_ error: OAuthError) -> OAuthError { counters.counted(error) }

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidClient, "Authenticate as the MCP server, with its id and secret.", reason: reason)
    }
}
