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
        case result(Elicitation, ElicitationResultBody)
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
            return try spend(standing.settled(found, in: transaction, now: now), by: asker, in: transaction, now: now)
        }
        switch spent {
        case .refused(let error): throw error
        case .notCompleted(let status): return .notCompleted(status)
        case .result(let asked, let body): return .collected(try Self.json(of: asked, body))
        }
    }

    /// The order is policy: what was handed out is gone whatever became of the session since.
    private func spend(
        _ asked: Elicitation, by asker: ResourceID, in transaction: Transaction, now: Timestamp
    ) throws -> Spent {
        guard asked.status == .completed else { return .notCompleted(asked.status) }
        guard asked.isCollectable(at: now) else { return .refused(Self.gone) }
        guard let session = try session(of: asked, in: transaction, now: now) else { return .refused(Self.ended) }
        let body = try result(of: asked, in: session, now: now)
        guard try transaction.elicitations.collect(asked.id, now: now) else { return .refused(Self.gone) }
        try transaction.audit.append(
            AuditEntry(
                .elicitationCollected, at: now, actor: .resource(asker), of: session, initiator: .server,
                correlation: asked.id.string))
        return .result(asked, body)
    }

    /// What a completed one came to, made by its kind.
    func result(of asked: Elicitation, in session: SessionGrant, now: Timestamp) throws -> ElicitationResultBody {
        guard let body = try services[asked.kind].result(of: asked, in: session, now: now) else {
            throw OAuthError(
                .serverError, "This result cannot be handed out.",
                reason: "there is none to open, or it cannot be read any more")
        }
        return body
    }

    /// The answer's body for a result.
    static func json(of asked: Elicitation, _ body: ElicitationResultBody) throws -> JSON {
        var json: JSONObject = ["id": .string(asked.id.string), "kind": .string(asked.kind.rawValue)]
        for (name, value) in try body().members { json[name] = value }
        return .object(json)
    }

    static let ended = OAuthError(
        .sessionEnded, "The session in which this was asked has ended; the result is void.")
    static let gone = OAuthError(
        .alreadyCollected, "The result was collected before, or waited too long; ask the person again if you need it.")
}
