import JOSE
import OAuth
package import Storage

/// Proves that a request comes from an MCP server: with the id and secret that its operator was given.
/// Spec: RFC 6749 §2.3.1
package struct ResourceAuthentication: Sendable {
    let store: Store
    let counters: Counters

    /// The MCP server behind `authorization`; whatever is wrong with it is refused as `invalid_client`.
    package func identify(_ authorization: String?) async throws -> Resource {
        try await counted {
            guard let authorization else { throw Self.refusal("no Authorization header") }
            return try PresentedClient(Parameters(query: ""), authorization: authorization)
        }
    }

    /// The same where the credentials may also stand in the form, as at the token endpoint.
    func identify(_ parameters: Parameters, authorization: String?) async throws -> Resource {
        try await counted { try PresentedClient(parameters, authorization: authorization) }
    }

    private func counted(_ read: () throws -> PresentedClient) async throws -> Resource {
        do {
            return try await prove(read())
        } catch let error as OAuthError {
            counters.refused(error)
            throw error
        }
    }

    private func prove(_ presented: PresentedClient) async throws -> Resource {
        let named = try await store.read { transaction in
            try ResourceID(presented.clientID.string).flatMap { try transaction.resource(id: $0) }
        }
        let asker = presented.clientID.string
        guard let named, named.isServed else { throw Self.refusal("no such MCP server").asked(by: asker) }
        guard let secret = presented.secret,
            ConstantTime.equal(Digest.sha256(secret.bytes).bytes, named.secretDigest.bytes)
        else { throw Self.refusal(presented.secret == nil ? "no secret" : "wrong secret").asked(by: asker) }
        return named
    }

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidClient, "Authenticate as the MCP server, with its id and secret.", reason: reason)
    }
}
