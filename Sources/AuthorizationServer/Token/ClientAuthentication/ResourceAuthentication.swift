import JOSE
import OAuth
package import Storage

/// Authenticates MCP servers at every endpoint for MCP servers, by the methods of clients.
/// Spec: RFC 6749 §2.3.1
package struct ResourceAuthentication: Sendable {
    let assertions: AssertionAuthentication
    let tokens: ServerTokens
    let replacedSecretUse: ReplacedSecretUse
    let observer: Observer
    let clock: WallClock

    /// Tokens of MCP servers are signed with `keys`.
    init(
        _ assertions: AssertionAuthentication, keys: KeyRing, replacedSecretUse: ReplacedSecretUse, observer: Observer,
        clock: WallClock
    ) {
        self.assertions = assertions
        self.replacedSecretUse = replacedSecretUse
        tokens = ServerTokens(keys: keys, issuer: assertions.issuer)
        self.observer = observer
        self.clock = clock
    }

    private var store: Store { assertions.store }

    /// The MCP server that authenticates by `authorization`. Every failure is `invalid_client`, and is observed.
    package func identify(_ authorization: String?) async throws -> Resource {
        try await observer.observingRefusals {
            guard let authorization else { throw Self.refusal("no Authorization header") }
            let now = clock.now()
            if let claims = tokens.claims(of: authorization, now: now) { return try await resource(bearing: claims) }
            let presented = try PresentedClient(Parameters(query: ""), authorization: authorization)
            return try await resource(presented, now: now)
        }
    }

    /// The MCP server that authenticates by its header or in the form, as at the token endpoint, and its method.
    func resource(
        _ parameters: Parameters, authorization: String?, now: Timestamp
    ) async throws -> (Resource, ClientAuthenticationMethod) {
        try await observer.observingRefusals {
            let presented = try PresentedClient(parameters, authorization: authorization)
            return (try await resource(presented, now: now), presented.method)
        }
    }

    private func resource(_ presented: PresentedClient, now: Timestamp) async throws -> Resource {
        let (found, replaced) = try await store.read { transaction -> (Resource?, ReplacedSecret?) in
            guard let id = ResourceID(presented.clientID.string) else { return (nil, nil) }
            return (
                try transaction.resources.find(id: id), try transaction.replacedSecrets.working(of: id, now: now)
            )
        }
        let named = found.flatMap { $0.isServed ? $0 : nil }
        if let named, let replaced, proves(presented, replaced, of: named.id, now: now) {
            observer.observe(.serverProven(named.id))
            return named
        }
        let credential = try await credential(of: named, for: presented, now: now)
        do {
            if let assertion = try Self.prove(presented, credential),
                let reason = try await assertions.spend(assertion, of: presented.clientID)
            {
                throw Self.refusal(reason).asked(by: presented.clientID.string)
            }
        } catch let error as OAuthError {
            throw remembered(error, of: found)
        }
        guard let named else { throw Self.refusal("no such MCP server") }
        observer.observe(.serverProven(named.id))
        return named
    }

    /// The refusal, after the observer learned which registered MCP server it concerns.
    private func remembered(_ error: OAuthError, of resource: Resource?) -> OAuthError {
        if let resource { observer.observe(.serverRefused(resource.id, error)) }
        return error
    }

    /// The MCP server that got this token, while it has the keys that the token was issued for.
    private func resource(bearing claims: ServerTokens.Claims) async throws -> Resource {
        let found = try await store.read { try $0.resources.find(id: claims.resource) }
        guard let found, found.isServed, found.keys?.match(claims) ?? false else {
            throw remembered(
                Self.refusal("a token of an MCP server that is gone").asked(by: claims.resource.string), of: found)
        }
        observer.observe(.serverProven(found.id))
        return found
    }

    /// The MCP server whose token the header holds; nil for any other header. It serves endpoints that read its keys in a transaction
    /// of their own.
    func bearer(of authorization: String?, now: Timestamp) -> ServerTokens.Claims? {
        authorization.flatMap { tokens.claims(of: $0, now: now) }
    }

    /// Refuses, observed, unless `keys` are those that the token was issued for; nil for an unknown MCP server.
    func check(_ claims: ServerTokens.Claims, keys: ClientKeys?) throws(OAuthError) {
        guard keys?.match(claims) ?? false else {
            throw observed(Self.refusal("a token of an MCP server that is gone").asked(by: claims.resource.string))
        }
        observer.observe(.serverProven(claims.resource))
    }

    /// The credential that an MCP server registered; nil for an unknown MCP server.
    private func credential(
        of resource: Resource?, for presented: PresentedClient, now: Timestamp
    ) async throws -> RegisteredCredential? {
        guard let resource else { return nil }
        if let digest = resource.secretDigest { return .secret(digest) }
        guard case .assertion(let id, let assertion) = presented, let keys = resource.keys else { return .nothing }
        return try await assertions.credential(for: assertion, of: id, keys, isAdministrators: true, now: now)
    }

    /// Refuses, observed, unless `presented` proves the MCP server `asker` by its secret, or by the replaced one that still works; nil
    /// for an id that can name none. It serves endpoints that read in a transaction of their own.
    func check(
        _ presented: PresentedClient, of asker: ResourceID?, in transaction: Transaction, now: Timestamp
    ) throws {
        let digest = try asker.flatMap { try transaction.resources.secretDigest(ofServed: $0) }
        do throws(OAuthError) {
            _ = try Self.prove(presented, digest.map { .secret($0) })
        } catch {
            let replaced =
                try digest == nil
                ? nil
                : asker.flatMap {
                    try transaction.replacedSecrets.working(of: $0, now: now)
                }
            guard let asker, let replaced, proves(presented, replaced, of: asker, now: now) else {
                observer.observe(.refused(error))
                throw remembered(error, of: try asker.flatMap { try transaction.resources.find(id: $0) })
            }
        }
        if let asker { observer.observe(.serverProven(asker)) }
    }

    /// Whether `presented` is the replaced secret, whose use is then noted.
    private func proves(
        _ presented: PresentedClient, _ replaced: ReplacedSecret, of resource: ResourceID, now: Timestamp
    ) -> Bool {
        do throws(OAuthError) {
            _ = try Self.prove(presented, .secret(replaced.digest))
        } catch {
            return false
        }
        replacedSecretUse.note(replaced, of: resource, now: now)
        return true
    }

    /// Refuses unless `presented` proves the MCP server with this credential. Returns the assertion that the caller has to spend.
    private static func prove(
        _ presented: PresentedClient, _ credential: RegisteredCredential?
    ) throws(OAuthError) -> ProvenAssertion? {
        // An MCP server may use any confidential method, a different one in each request.
        guard let credential else { throw refusal("no such MCP server").asked(by: presented.clientID.string) }
        guard ClientAuthenticationMethod.confidential.contains(presented.method) else {
            throw refusal("no secret").asked(by: presented.clientID.string)
        }
        switch presented.method.prove(presented, credential) {
        case .proven: return nil
        case .provenOnce(let assertion): return assertion
        case .refused(let reason): throw refusal(reason).asked(by: presented.clientID.string)
        }
    }

    /// The refusal, after the observer learned of it.
    func observed(_ error: OAuthError) -> OAuthError {
        observer.observe(.refused(error))
        return error
    }

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidClient, "Authenticate with the id and the credential of the MCP server.", reason: reason)
    }
}
