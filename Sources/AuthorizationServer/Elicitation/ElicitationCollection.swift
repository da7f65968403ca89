package import JOSE
package import OAuth
import Storage

/// What an MCP server gets when it collects.
package enum ElicitationResult: Sendable {
    /// The answer's body, handed out this once.
    case collected(JSON)
    /// The person is not done, or will not be: the status tells which.
    case notCompleted(ElicitationStatus)
}

extension ElicitationEndpoint {
    private enum Spent: Sendable {
        case approval(ApprovalClaims)
        case secret(ElicitationID, JSONObject)
        case connection(ElicitationID, ConnectionReceipt)
        case reported(ElicitationID, by: String)
        case notCompleted(ElicitationStatus)
        case refused(OAuthError)
    }

    /// Hands out the result and spends it: of many requests at once one gets it.
    package func collect(_ text: String, authorization: String?) async throws -> ElicitationResult {
        let now = clock.now()
        let asker = try await authentication.identify(authorization).id
        let spent = try await store.write { transaction in
            guard let found = try Self.find(ElicitationID(text), of: asker, in: transaction) else {
                return Spent.refused(Self.unknown)
            }
            return try spend(found.settled(in: transaction, now: now), by: asker, in: transaction, now: now)
        }
        switch spent {
        case .refused(let error): throw error
        case .notCompleted(let status): return .notCompleted(status)
        case .secret(let id, let content): return .collected(Self.body(of: id, content: content))
        case .connection(let id, let receipt):
            var body: JSONObject = [
                "id": .string(id.string), "kind": .string(ElicitationKind.connect.rawValue),
            ]
            for (name, value) in receipt.json.members { body[name] = value }
            return .collected(.object(body))
        case .reported(let id, let reporter):
            return .collected([
                "id": .string(id.string), "kind": .string(ElicitationKind.external.rawValue),
                "outcome": .string(ElicitationStatus.completed.rawValue), "reported_by": .string(reporter),
            ])
        case .approval(let claims):
            let approval = try JWT.sign(
                typ: ApprovalClaims.type, claims: claims.claims, with: keys.signing(.events, at: now.seconds))
            return .collected([
                "id": .string(claims.elicitation.string), "kind": .string(ElicitationKind.confirm.rawValue),
                "approval": .string(approval),
            ])
        }
    }

    /// The order is policy: what was handed out is gone whatever became of the session since.
    private func spend(
        _ asked: Elicitation, by asker: ResourceID, in transaction: Transaction, now: Timestamp
    ) throws -> Spent {
        guard asked.status == .completed else { return .notCompleted(asked.status) }
        guard asked.isCollectable(at: now) else { return .refused(Self.gone) }
        guard let session = try session(of: asked, in: transaction, now: now) else { return .refused(Self.ended) }
        let result = try result(of: asked, session: session, now: now)
        guard try transaction.collect(asked.id, now: now) else { return .refused(Self.gone) }
        try transaction.audit(
            AuditEntry(
                .elicitationCollected, at: now, actor: .resource(asker), of: session, initiator: .server,
                correlation: asked.id.string))
        return result
    }

    private func result(of asked: Elicitation, session: SessionGrant, now: Timestamp) throws -> Spent {
        if let content = content(of: asked) { return .secret(asked.id, content) }
        if asked.kind == .connect, let receipt = vault.receipt(of: asked) { return .connection(asked.id, receipt) }
        if asked.kind == .external, let reporter = asked.reportedBy { return .reported(asked.id, by: reporter) }
        guard case .confirm(let action) = asked.ask else {
            throw OAuthError(
                .serverError, "This result cannot be handed out.",
                reason: "there is none to open, or it cannot be read any more")
        }
        return .approval(
            ApprovalClaims(
                issuer: issuer, subject: session.subject, audience: session.resource, clientID: session.clientID,
                sessionID: session.id, elicitation: asked.id, action: action.name, digest: asked.digest,
                tokenID: Random.token(16), issuedAt: now, expiresAt: now + ApprovalClaims.lifetime,
                authTime: asked.authTime ?? session.authTime))
    }

    static let ended = OAuthError(
        .sessionEnded, "The session in which this was asked has ended; the result is void.")
    static let gone = OAuthError(
        .alreadyCollected, "The result was collected before, or waited too long; ask the person again if you need it.")
}
