package import JOSE
package import OAuth
import Storage

/// The answer to an MCP server that asks for the result of an elicitation.
package enum ElicitationResult: Sendable {
    /// The body of the answer.
    case collected(JSON)
    /// The elicitation is not completed; the status tells whether it still can be.
    case notCompleted(ElicitationStatus)
}

/// Hands out the results of completed elicitations. An MCP server reads a result until it acknowledges it, so that a lost
/// answer costs nobody a second approval. The acknowledgement spends the result; with a claim it belongs to one caller.
package struct ElicitationResultEndpoint: Sendable {
    let access: ElicitationAccess

    private enum Outcome: Sendable {
        case result(Elicitation, ElicitationResultBody)
        case notCompleted(ElicitationStatus)
        case refused(OAuthError)
    }

    /// Reads the result and spends it at once. Of several requests at the same time one receives it.
    package func collect(_ text: String, authorization: String?) async throws -> ElicitationResult {
        try await result(of: text, authorization: authorization) { elicitation, transaction, now in
            guard try transaction.elicitations.collect(elicitation.id, now: now) else { return false }
            try transaction.audit.append(elicitation.entry(.elicitationCollected, at: now))
            return true
        }
    }

    /// Reads the result without spending it.
    package func read(_ text: String, authorization: String?) async throws -> ElicitationResult {
        try await result(of: text, authorization: authorization) { elicitation, transaction, now in
            try transaction.audit.tallies.append(elicitation.entry(.elicitationRead, at: now))
            return true
        }
    }

    /// Hands out a result in a session that is in force. `take` records it in the transaction; false if another request was
    /// faster.
    private func result(
        of text: String, authorization: String?,
        _ take: @Sendable @escaping (Elicitation, Transaction, Timestamp) throws -> Bool
    ) async throws -> ElicitationResult {
        let now = access.clock.now()
        let resource = try await access.authentication.identify(authorization).id
        let outcome = try await access.store.write { transaction -> Outcome in
            guard let elicitation = try current(text, of: resource, in: transaction, now: now) else {
                return .refused(ElicitationAccess.notFound)
            }
            guard elicitation.status == .completed else { return .notCompleted(elicitation.status) }
            // A result that was collected stays collected, whatever happens to the session afterwards.
            guard elicitation.isCollectable(at: now) else { return .refused(ElicitationAccess.notCollectable) }
            guard let session = try access.session(of: elicitation, in: transaction, now: now) else {
                return .refused(ElicitationAccess.sessionEnded)
            }
            let body = try resultBody(of: elicitation, in: session, now: now)
            guard try take(elicitation, transaction, now) else {
                return .refused(ElicitationAccess.notCollectable)
            }
            return .result(elicitation, body)
        }
        switch outcome {
        case .result(let elicitation, let body):
            // Made outside of the transaction: the result of a `confirm` is signed.
            var json: JSONObject = ["id": .string(elicitation.id.string), "kind": .string(elicitation.kind.rawValue)]
            for (name, value) in try body().members { json[name] = value }
            return .collected(.object(json))
        case .notCompleted(let status): return .notCompleted(status)
        case .refused(let error): throw error
        }
    }

    /// Spends a result that its MCP server has received; returns the status instead if there is no result yet. A second
    /// acknowledgement changes nothing, and one with another `claim` than the first is refused.
    package func acknowledge(
        _ text: String, claim: String?, authorization: String?
    ) async throws -> ElicitationStatus? {
        let now = access.clock.now()
        let resource = try await access.authentication.identify(authorization).id
        let claim = claim.map { Digest.sha256($0) }
        let refused = try await access.store.write { transaction -> Outcome? in
            guard let elicitation = try current(text, of: resource, in: transaction, now: now) else {
                return .refused(ElicitationAccess.notFound)
            }
            guard elicitation.status == .completed else { return .notCompleted(elicitation.status) }
            guard elicitation.isCollectable(at: now) else {
                return isDone(elicitation, claim: claim) ? nil : .refused(ElicitationAccess.notCollectable)
            }
            // What counts once it is acknowledged must not count in a session that ended since it was read. Anything else must
            // not stay longer because of that.
            guard
                try !elicitation.kind.strategy.countsOnceAcknowledged
                    || access.session(of: elicitation, in: transaction, now: now) != nil
            else { return .refused(ElicitationAccess.sessionEnded) }
            _ = try transaction.elicitations.collect(elicitation.id, claim: claim, now: now)
            try transaction.audit.append(elicitation.entry(.elicitationCollected, at: now))
            return nil
        }
        switch refused {
        case .notCompleted(let status): return status
        case .refused(let error): throw error
        case .result, nil: return nil
        }
    }

    /// Whether an acknowledgement has nothing left to do. Without a claim it asks for nothing but that the result is gone; an approval
    /// that nobody spent in its time was not acknowledged, and must not count as if it were.
    private func isDone(_ elicitation: Elicitation, claim: Digest?) -> Bool {
        guard elicitation.collectedAt != nil || !elicitation.kind.strategy.countsOnceAcknowledged else { return false }
        return claim == nil || elicitation.claimDigest == claim
    }

    /// The MCP server's own elicitation as of now.
    private func current(
        _ text: String, of resource: ResourceID, in transaction: Transaction, now: Timestamp
    ) throws -> Elicitation? {
        guard let found = try access.find(ElicitationID(text), of: resource, in: transaction) else { return nil }
        return try access.standing.settled(found, in: transaction, now: now)
    }

    /// The result, as its kind makes it.
    private func resultBody(
        of elicitation: Elicitation, in session: SessionGrant, now: Timestamp
    ) throws -> ElicitationResultBody {
        guard let body = try access.services[elicitation.kind].result(of: elicitation, in: session, now: now) else {
            throw OAuthError(
                .serverError, "This result cannot be returned.", reason: "the result is missing or cannot be opened")
        }
        return body
    }
}

extension Elicitation {
    /// The record of what its MCP server did with the result.
    fileprivate func entry(_ action: AuditAction, at now: Timestamp) -> AuditEntry {
        AuditEntry(
            action, at: now, actor: .resource(resourceID), user: userID, client: clientID, resource: resourceID,
            session: sessionID, initiator: .server, correlation: id.string)
    }
}
