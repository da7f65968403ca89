import JOSE
import OAuth
import Storage

/// Issues the first tokens of a session for the code that the user's approval produced.
/// Spec: OAuth 2.1 §4.1.3
struct AuthorizationCodeGrant: Grant {
    /// The parameters: a code, the redirect URI if the client repeats it, the verifier, and the MCP server if one is named.
    /// Spec: OAuth 2.1 §3.2.2
    struct Request: Sendable {
        let code: AuthorizationCode
        let redirectURI: String?
        let verifier: CodeVerifier
        let resource: ResourceIdentifier?

        /// Reads the form.
        init(_ parameters: Parameters) throws(OAuthError) {
            let text = try parameters.required(.code)
            // An empty verifier is refused like a wrong one, so that no code is redeemed without a proof.
            let verifierText = try parameters.required(.codeVerifier)
            redirectURI = try parameters.value(.redirectURI)
            guard let code = AuthorizationCode(text) else {
                throw OAuthError(
                    .invalidGrant, "The code was not issued by this server. Start the authorization again.")
            }
            self.code = code
            do {
                verifier = try CodeVerifier(verifierText)
            } catch {
                throw OAuthError(.invalidRequest, error)
            }
            resource = try ResourceRule.requested(parameters.repeated(.resource))
        }
    }

    typealias Asker = Client

    let type = GrantType.authorizationCode
    /// The approval keeps what the user was shown of the client's document. Only a client with a key needs its document of today.
    let knowledge = ClientKnowledge.identity
    let standing: StandingRule
    let observer: Observer

    /// For how many seconds after a redemption the same request may come once more: in real clients, callbacks run twice.
    private static let repeatable: Int64 = 1

    func read(_ parameters: Parameters) throws(OAuthError) -> Request { try Request(parameters) }

    /// The order is policy. A client that does not own an unspent code can neither spend nor burn it. Any use of a spent code
    /// proves that the code leaked, whichever client sends it; the one exception is in `spentCodeVerdict`.
    func redeem(
        _ request: Identified<Request, Client>, _: Void, in transaction: Transaction, now: Timestamp
    ) throws -> GrantVerdict<Never> {
        let (asked, client) = (request.request, request.asker)
        guard let record = try transaction.codes.find(asked.code.digest) else {
            return .refused(Self.refusal("unknown code"))
        }
        guard let session = try transaction.sessions.grant(record.sessionID) else {
            return .refused(Self.refusal("no session"))
        }
        let redemption = Self.redemption(request)
        if record.spentAt != nil {
            return try spentCodeVerdict(request, redemption, record, session, in: transaction, now: now)
        }
        guard record.clientID == client.id else { return .refused(Self.refusal("another client's code")) }
        if let refusal = session.refusal(of: request) { return .refused(refusal) }
        if let redirect = asked.redirectURI, redirect != record.redirectURI {
            return .refused(Self.refusal("another redirect URI"))
        }
        if let error = ResourceRule.refusal(asked.resource, granted: session.resource) { return .refused(error) }
        guard record.challenge.accepts(asked.verifier) else {
            try countFailure(record, of: session, in: transaction, now: now)
            return .refused(Self.refusal("wrong verifier"))
        }
        guard now < record.expiresAt else { return .refused(Self.refusal("expired code")) }
        if let refusal = record.proofDemand.refusal(of: request.key?.thumbprint) { return .refused(refusal) }
        let admitted: AdmittedSession
        switch try standing.admit(session, wanting: nil, in: transaction, now: now) {
        case .success(let session): admitted = session
        case .failure(let error): return .refused(error)
        }
        guard try transaction.codes.spend(record.digest, on: redemption, now: now),
            try request.activate(session.id, in: transaction, now: now)
        else { return .refused(Self.refusal("spent meanwhile")) }
        for earlier in session.replaces {
            _ = try transaction.sessions.end(
                earlier,
                SessionEnding(
                    reason: .replaced, initiator: .user,
                    actor: session.userID.map { .person($0) } ?? .client(client.id),
                    explanation: "replaced by \(session.id)", at: now))
        }
        let refreshes = try refreshes(client, record, in: transaction)
        return .earned(
            .session(admitted, refreshGeneration: refreshes ? 1 : nil),
            AuditEntry(.tokenIssued, at: now, actor: .client(session.clientID), of: session, initiator: .model))
    }

    func committed(_ verdict: GrantVerdict<Never>, of request: Request) {
        switch verdict {
        case .earned(.session(let admitted, _), _):
            observer.observe(.codeRedeemed(request.code, admitted.session.id))
        case .repeated: observer.observe(.codeRepeated)
        case .earned(.server, _), .earned(.foreign, _), .refused: break
        }
    }

    /// Whether the session gets refresh tokens. For a client with a document, the interaction keeps the answer, so that a redemption
    /// does not depend on fetching the document again.
    private func refreshes(
        _ client: Client, _ record: AuthorizationCodeRecord, in transaction: Transaction
    ) throws -> Bool {
        guard !client.origin.isRegistered, let interaction = try transaction.interactions.find(record.interactionID)
        else {
            return client.refreshes
        }
        return try PendingAuthorization.allowsRefreshTokens(interaction)
    }

    /// Counts a wrong verifier. The one that spends the code gets an audit record; those before it prove nothing.
    private func countFailure(
        _ record: AuthorizationCodeRecord, of session: SessionGrant, in transaction: Transaction, now: Timestamp
    ) throws {
        guard record.spentAt == nil,
            try transaction.codes.countFailure(record.digest, now: now) == AuthorizationCodeRecord.mostFailures
        else { return }
        try transaction.audit.append(
            AuditEntry(
                .codeBurnt, at: now, actor: .client(session.clientID), of: session, outcome: .refused,
                reason: "too many wrong verifiers", initiator: .system))
    }

    /// The verdict on a spent code. The same request within a second counts once as a callback that ran twice. Any other use means
    /// that the code leaked, and revokes its session.
    /// Spec: RFC 9700 §4.5
    private func spentCodeVerdict(
        _ request: Identified<Request, Client>, _ redemption: Digest, _ record: AuthorizationCodeRecord,
        _ session: SessionGrant, in transaction: Transaction, now: Timestamp
    ) throws -> GrantVerdict<Never> {
        if let spentAt = record.spentAt, now.isWithin(Self.repeatable, of: spentAt), record.redemption == redemption,
            ResourceRule.refusal(request.request.resource, granted: session.resource) == nil,
            try transaction.codes.countRepeat(record.digest)
        {
            return .repeated(Self.refusal("the request that redeemed the code came twice"))
        }
        let wasRedeemed = record.redemption != nil
        _ = try transaction.sessions.end(
            session.id,
            SessionEnding(
                reason: .codeReplayed, initiator: .policy, actor: .client(request.asker.id),
                explanation: wasRedeemed
                    ? "the authorization code was redeemed twice"
                    : "the authorization code was used after it had been spent by wrong verifiers", at: now))
        return .refused(Self.refusal("code used again after it was spent"))
    }

    /// Identifies a request that redeems a code: equal for two requests with the same content. It covers the verifier, so only a
    /// digest is stored.
    private static func redemption(_ request: Identified<Request, Client>) -> Digest {
        .sha256(
            [
                request.asker.id.string, request.method.rawValue, request.request.redirectURI.map { "at " + $0 } ?? "",
                request.request.verifier.reveal(),
            ].joined(separator: "\n"))
    }

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidGrant, "The code is not valid or no longer valid. Start the authorization again.", reason: reason)
    }
}
