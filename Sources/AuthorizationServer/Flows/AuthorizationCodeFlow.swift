import JOSE
import OAuth
import Storage

/// Earns the first tokens of a session with the code that its person's approval produced.
/// Spec: OAuth 2.1 §4.1.3
struct AuthorizationCodeFlow: GrantFlow {
    let grantType = GrantType.authorizationCode

    /// Seconds after a redemption in which the same request may come once more. Callbacks run twice in real clients.
    private static let repeatable: Int64 = 1

    /// The order is policy: a client that does not own an unspent code can neither spend nor damage it. Once it is spent, every
    /// further use proves that it leaked, whoever comes, but for the one repetition that `again` knows.
    func redeem(_ request: Identified<TokenRequest>, in transaction: Transaction, now: Timestamp) throws -> GrantVerdict
    {
        guard
            case .authorizationCode(let code, redirectURI: let redirect, verifier: let verifier) = request.request.grant,
            let record = try transaction.code(code.digest)
        else { return .refused(Self.refusal("unknown code")) }
        guard let session = try transaction.grant(record.sessionID) else { return .refused(Self.refusal("no session")) }
        let redemption = Self.redemption(redirect, verifier, by: request.client)
        if record.spentAt != nil { return try again(request, redemption, record, session, in: transaction, now: now) }
        guard record.clientID == request.client.id else { return .refused(Self.refusal("another client's code")) }
        if let redirect, redirect != record.redirectURI { return .refused(Self.refusal("another redirect URI")) }
        if let error = request.request.targetRefusal(session.resource) { return .refused(error) }
        guard record.challenge.accepts(verifier) else {
            try countFailure(record, of: session, in: transaction, now: now)
            return .refused(Self.refusal("wrong verifier"))
        }
        guard now < record.expiresAt else { return .refused(Self.refusal("expired code")) }
        if let error = Gate.refusal(session, now: now) { return .refused(error) }
        guard try transaction.spend(record.digest, on: redemption, now: now),
            try transaction.activate(session.id, now: now)
        else { return .refused(Self.refusal("spent meanwhile")) }
        for earlier in session.replaces {
            _ = try transaction.end(
                earlier,
                SessionEnding(
                    reason: .replaced, initiator: .user, actor: .person(session.userID),
                    explanation: "replaced by \(session.id)", at: now))
        }
        let refreshes = try refreshes(request.client, record, in: transaction)
        return .earned(
            Earned(session: session, scope: nil, generation: 1, refreshes: refreshes, action: .tokenIssued))
    }

    /// What a document said of refresh tokens was kept with the request: redeeming must not hang on reading it again.
    private func refreshes(
        _ client: Client, _ record: AuthorizationCodeRecord, in transaction: Transaction
    ) throws -> Bool {
        guard !client.isRegistered, let interaction = try transaction.interaction(record.interactionID) else {
            return client.refreshes
        }
        return try PendingAuthorization(of: interaction).refreshes
    }

    /// The wrong verifier that spends the code is a decision and leaves a record; those before it prove nothing.
    private func countFailure(
        _ record: AuthorizationCodeRecord, of session: SessionGrant, in transaction: Transaction, now: Timestamp
    ) throws {
        guard record.spentAt == nil,
            try transaction.countFailure(record.digest, now: now) == AuthorizationCodeRecord.mostFailures
        else { return }
        try transaction.audit(
            AuditEntry(
                .codeBurnt, at: now, actor: .client(session.clientID), of: session, outcome: .refused,
                reason: "too many wrong verifiers", initiator: .system))
    }

    /// A spent code comes again. The same request within a second is a callback that ran twice, once; everything else has a
    /// code that leaked, and its session ends.
    /// Spec: RFC 9700 §4.5
    private func again(
        _ request: Identified<TokenRequest>, _ redemption: Digest, _ record: AuthorizationCodeRecord,
        _ session: SessionGrant, in transaction: Transaction, now: Timestamp
    ) throws -> GrantVerdict {
        if let spentAt = record.spentAt, now.isWithin(Self.repeatable, of: spentAt), record.redemption == redemption,
            request.request.targetRefusal(session.resource) == nil, try transaction.countRepeat(record.digest)
        {
            return .repeated(Self.refusal("the request that redeemed the code came twice"))
        }
        let wasRedeemed = record.redemption != nil
        _ = try transaction.end(
            session.id,
            SessionEnding(
                reason: .codeReplayed, initiator: .policy, actor: .client(request.client.id),
                explanation: wasRedeemed
                    ? "the authorization code was redeemed twice"
                    : "the authorization code was used after it had been spent by wrong verifiers", at: now))
        return .refused(Self.refusal("code used again after it was spent"))
    }

    /// What two requests have in common that redeem a code in the same way. The verifier is in it, so it is kept as a digest.
    private static func redemption(_ redirect: String?, _ verifier: CodeVerifier, by client: Client) -> Digest {
        .sha256(
            [
                client.id.string, client.authentication.method.rawValue, redirect.map { "at " + $0 } ?? "",
                verifier.reveal(),
            ].joined(separator: "\n"))
    }

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(.invalidGrant, "The code is not valid (any more); start the authorization again.", reason: reason)
    }
}
