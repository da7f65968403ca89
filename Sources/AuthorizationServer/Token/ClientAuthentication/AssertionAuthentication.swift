import JOSE
import Logging
import OAuth
import Outbound
import Storage

/// Finds the keys of clients and MCP servers that authenticate by a signed JWT, and spends each JWT.
/// Spec: RFC 7523 §3
struct AssertionAuthentication: Sendable {
    private static let purpose = "client assertion"

    let store: Store
    let issuer: Issuer
    let keySets: ClientKeySets
    let fetcher: DocumentFetcher
    let log: Logger

    /// Key sets are fetched from strangers with the fetcher of `clients`, and from operators with `operators`.
    init(_ clients: ClientDirectory, operators: OperatorClient, issuer: Issuer) {
        store = clients.store
        self.issuer = issuer
        keySets = ClientKeySets(fetcher: clients.fetcher, operators: operators, log: clients.log)
        fetcher = clients.fetcher
        log = clients.log
    }

    private typealias Decisions = (acceptsTokenEndpoint: Bool, isKnown: Bool, isAdmitted: Bool)

    /// The credential that an assertion of this client or MCP server is verified with. `isAdministrators` is true for keys that an
    /// administrator named.
    func credential(
        for assertion: ClientAssertion, of id: ClientID, _ keys: ClientKeys, isAdministrators: Bool, now: Timestamp
    ) async throws -> RegisteredCredential {
        let (acceptsTokenEndpoint, isKnown, isAdmitted) =
            try isAdministrators ? administratorsStanding(of: id) : await standing(of: id, keys, now: now)
        let source = isAdministrators ? KeySetSource.administrator : .client(id, isKnown: isKnown)
        let (found, fault) =
            isAdmitted
            ? try await self.keys(for: assertion, keys, from: source, isKnown: isKnown, now: now)
            : (VerificationKeySet([]), "Lists or rules do not admit the host of its key set.")
        let rule = ClientAssertionRule(
            issuer: issuer, client: id.string, acceptsTokenEndpoint: acceptsTokenEndpoint)
        let share =
            isKnown
            ? ReplayShare.own(of: id.string, for: Self.purpose) : ReplayShare.strangers(for: Self.purpose)
        return .keys(AssertionCredential(keys: found, fault: fault, rule: rule, share: share, now: now))
    }

    /// What administrators decided about a party whose keys they named. Like the standing of any other party it is read at each
    /// request, so that a decision takes effect at once; it is a row by its key, and read on this thread.
    private func administratorsStanding(of id: ClientID) throws -> Decisions {
        (try store.eventLoopReader.read { try $0.clientRules.acceptsTokenEndpoint(client: id) }, true, true)
    }

    private func standing(of id: ClientID, _ keys: ClientKeys, now: Timestamp) async throws -> Decisions {
        try await store.read { transaction in
            let isKnown =
                try transaction.clientRules.find(id) == .allow
                || !transaction.sessions.list(SessionFilter(client: id), limit: 1, now: now).isEmpty
            return (
                try transaction.clientRules.acceptsTokenEndpoint(client: id), isKnown,
                try admits(keys, of: id, in: transaction)
            )
        }
    }

    /// Whether lists and rules admit the place of a client's keys. A set in memory is no reason not to ask: an administrator's block
    /// of its host applies at once.
    private func admits(_ keys: ClientKeys, of id: ClientID, in transaction: Transaction) throws -> Bool {
        guard case .url(let url) = keys else { return true }
        guard let host = fetcher.host(of: url) else { return false }
        return try fetcher.admits(url, rule: transaction.rule(ofKeySetOn: host, of: id))
    }

    /// The keys that may verify the assertion; none for a set that cannot be used, with the reason for the log.
    ///
    /// Anybody can publish a document or register, and so let this server fetch a URL. The answer must not tell a stranger what is
    /// there, and no host of the operator's own network is asked for a client that no user and no administrator accepted.
    private func keys(
        for assertion: ClientAssertion, _ keys: ClientKeys, from source: KeySetSource, isKnown: Bool,
        now: Timestamp
    ) async throws -> (VerificationKeySet, fault: String?) {
        if !isKnown, case .url(let url) = keys, fetcher.isOnPrivateHost(url) {
            return (VerificationKeySet([]), "Its key set is on a private host, and nobody accepted the client yet.")
        }
        do {
            return (try await keySets.keys(for: assertion, keys, from: source, now: now), nil)
        } catch let error as OAuthError where error.code == .invalidClient || !isKnown {
            return (VerificationKeySet([]), error.reason ?? error.description)
        }
    }

    /// Spends a verified assertion; the reason of the refusal if it was used before, at whatever endpoint.
    ///
    /// Nothing is stored before the signature and every claim are valid: forged assertions leave no row.
    func spend(_ proven: ProvenAssertion, of id: ClientID) async throws -> String? {
        let assertion = proven.assertion
        let digest = Replays.digest(purpose: Self.purpose, party: id.string, token: assertion.tokenID)
        let isNew: Bool
        do {
            isNew = try await store.write {
                try $0.replays.spend(digest, until: assertion.expiresAt, in: proven.share)
            }
        } catch is ReplayMemoryFull {
            throw OAuthError(
                .temporarilyUnavailable, "Too many clients authenticate at the moment. Try again later.",
                reason: "the share of \(id) in the memory of one-time tokens is full")
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
