import JOSE
import Logging
import OAuth
import Outbound
import Storage

/// Finds the keys of clients and MCP servers that authenticate by a signed JWT, and spends each JWT.
/// Spec: RFC 7523 §3
struct AssertionAuthentication: Sendable {
    let store: Store
    let issuer: Issuer
    let keySets: ClientKeySets
    let log: Logger

    /// Key sets are fetched from strangers with the fetcher of `clients`, and from operators with `operators`.
    init(_ clients: ClientDirectory, operators: OperatorClient, issuer: Issuer) {
        store = clients.store
        self.issuer = issuer
        keySets = ClientKeySets(fetcher: clients.fetcher, operators: operators, log: clients.log)
        log = clients.log
    }

    /// The credential that an assertion of this client or MCP server is verified with.
    func credential(
        for assertion: ClientAssertion, of id: ClientID, _ keys: ClientKeys, from source: ClientKeySets.Source,
        now: Timestamp
    ) async throws -> RegisteredCredential {
        let found = try await keySets.keys(for: assertion, keys, from: source, now: now)
        // Read at each request, so that an administrator's decision takes effect at once.
        let acceptsTokenEndpoint = try await store.read { try $0.clientRules.acceptsTokenEndpoint(client: id) }
        let rule = ClientAssertionRule(
            issuer: issuer, client: id.string, acceptsTokenEndpoint: acceptsTokenEndpoint)
        return .keys(AssertionCredential(keys: found, rule: rule, now: now))
    }

    /// Spends a verified assertion; the reason of the refusal if it was used before, at whatever endpoint.
    ///
    /// Nothing is stored before the signature and every claim are valid: forged assertions leave no row.
    func spend(_ assertion: VerifiedAssertion, of id: ClientID, now: Timestamp) async throws -> String? {
        let digest = Replays.digest(purpose: "client assertion", party: id.string, token: assertion.tokenID)
        let isNew: Bool
        do {
            isNew = try await store.write { try $0.replays.spend(digest, until: assertion.expiresAt, now: now) }
        } catch is ReplayMemoryFull {
            throw OAuthError(
                .temporarilyUnavailable, "Too many clients authenticate at the moment. Try again later.",
                reason: "the memory of one-time tokens is full")
        }
        guard isNew else { return "The assertion was used before." }
        if assertion.namesTokenEndpoint {
            log.info(
                "a client assertion names the token endpoint as audience, as a rule allows",
                metadata: ["client": "\(id)"])
        }
        return nil
    }
}
