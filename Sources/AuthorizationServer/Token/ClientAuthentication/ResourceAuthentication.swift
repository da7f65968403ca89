import JOSE
import OAuth
package import Storage

/// Authenticates MCP servers at every endpoint for MCP servers, by the methods of clients.
/// Spec: RFC 6749 §2.3.1
package struct ResourceAuthentication: Sendable {
    let store: Store
    let observer: Observer

    /// The MCP server that authenticates by `authorization`. Every failure is `invalid_client`, and is observed.
    package func identify(_ authorization: String?) async throws -> Resource {
        try await observer.observingRefusals {
            guard let authorization else { throw Self.refusal("no Authorization header") }
            return try await resource(PresentedClient(Parameters(query: ""), authorization: authorization))
        }
    }

    /// The MCP server that authenticates by its header or in the form, as at the token endpoint.
    func resource(_ parameters: Parameters, authorization: String?) async throws -> Resource {
        try await observer.observingRefusals {
            try await resource(PresentedClient(parameters, authorization: authorization))
        }
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

    /// Refuses, observed, unless `presented` proves the MCP server whose secret has this digest; nil for an unknown MCP server.
    /// It serves endpoints that read the digest in a transaction of their own.
    func check(_ presented: PresentedClient, secret digest: Digest?) throws(OAuthError) {
        do {
            try Self.prove(presented, secret: digest)
        } catch {
            observer.observe(.refused(error))
            throw error
        }
    }

    private static func prove(_ presented: PresentedClient, secret digest: Digest?) throws(OAuthError) {
        let cause: String
        if let digest {
            // An MCP server may use any confidential method, a different one in each request.
            let isProven = presented.method.accepts(presented, .secret(digest))
            if isProven, ClientAuthenticationMethod.confidential.contains(presented.method) { return }
            cause = presented.method == .none ? "no secret" : "wrong secret"
        } else {
            cause = "no such MCP server"
        }
        throw refusal(cause).asked(by: presented.clientID.string)
    }

    /// The refusal, after the observer learned of it.
    func observed(_ error: OAuthError) -> OAuthError {
        observer.observe(.refused(error))
        return error
    }

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidClient, "Authenticate with the id and the secret of the MCP server.", reason: reason)
    }
}
