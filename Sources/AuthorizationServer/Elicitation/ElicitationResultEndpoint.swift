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

/// Hands out the results of completed elicitations. Each result is collected once, except a secret, which its MCP
/// server may read until it acknowledges it: a lost answer must not lose what the user typed.
package struct ElicitationResultEndpoint: Sendable {
    let access: ElicitationAccess

    private enum Outcome: Sendable {
        case result(Elicitation, ElicitationResultBody)
        case acknowledged
        case notCompleted(ElicitationStatus)
        case refused(OAuthError)
    }

    /// Collects the result. Of several requests at the same time one receives it.
    package func collect(_ text: String, authorization: String?) async throws -> ElicitationResult {
        let now = access.clock.now()
        let resource = try await access.authentication.identify(authorization).id
        let outcome = try await access.store.write { transaction in
            guard let found = try access.find(ElicitationID(text), of: resource, in: transaction) else {
                return Outcome.refused(ElicitationAccess.notFound)
            }
            let current = try access.standing.settled(found, in: transaction, now: now)
            return try collect(current, for: resource, in: transaction, now: now)
        }
        return try result(of: outcome)
    }

    /// The order is policy: a result that was collected stays collected, whatever happens to the session afterwards.
    private func collect(
        _ elicitation: Elicitation, for resource: ResourceID, in transaction: Transaction, now: Timestamp
    ) throws -> Outcome {
        guard elicitation.status == .completed else { return .notCompleted(elicitation.status) }
        guard elicitation.isCollectable(at: now) else { return .refused(ElicitationAccess.notCollectable) }
        guard let session = try access.session(of: elicitation, in: transaction, now: now) else {
            return .refused(ElicitationAccess.sessionEnded)
        }
        let body = try resultBody(of: elicitation, in: session, now: now)
        guard try transaction.elicitations.collect(elicitation.id, now: now) else {
            return .refused(ElicitationAccess.notCollectable)
        }
        try transaction.audit.append(
            AuditEntry(
                .elicitationCollected, at: now, actor: .resource(resource), of: session, initiator: .server,
                correlation: elicitation.id.string))
        return .result(elicitation, body)
    }

    /// Reads a secret without spending it.
    package func read(_ text: String, authorization: String?) async throws -> ElicitationResult {
        let now = access.clock.now()
        let resource = try await access.authentication.identify(authorization).id
        let outcome = try await access.store.write { transaction in
            try withSecret(ElicitationID(text), of: resource, in: transaction, now: now) { elicitation in
                guard let session = try access.session(of: elicitation, in: transaction, now: now) else {
                    return .refused(ElicitationAccess.sessionEnded)
                }
                let body = try resultBody(of: elicitation, in: session, now: now)
                try transaction.audit.tallies.append(
                    AuditEntry(
                        .elicitationRead, at: now, actor: .resource(resource), of: session, initiator: .server,
                        correlation: elicitation.id.string))
                return .result(elicitation, body)
            }
        }
        return try result(of: outcome)
    }

    /// Erases a secret that its MCP server has received; returns the status instead if there is no secret yet.
    ///
    /// The session may have ended by now: a secret must not stay longer because of that.
    package func acknowledge(_ text: String, authorization: String?) async throws -> ElicitationStatus? {
        let now = access.clock.now()
        let resource = try await access.authentication.identify(authorization).id
        let outcome = try await access.store.write { transaction in
            try withSecret(ElicitationID(text), of: resource, in: transaction, now: now) { elicitation in
                guard try transaction.elicitations.collect(elicitation.id, now: now) else {
                    return .refused(ElicitationAccess.notCollectable)
                }
                try transaction.audit.append(
                    AuditEntry(
                        .elicitationCollected, at: now, actor: .resource(resource), user: elicitation.userID,
                        client: elicitation.clientID, resource: resource, session: elicitation.sessionID,
                        initiator: .server, correlation: elicitation.id.string))
                return .acknowledged
            }
        }
        switch outcome {
        case .notCompleted(let status): return status
        case .refused(let error): throw error
        case .result, .acknowledged: return nil
        }
    }

    /// Runs `body` with an elicitation whose secret is there and was not acknowledged.
    private func withSecret(
        _ id: ElicitationID?, of resource: ResourceID, in transaction: Transaction, now: Timestamp,
        _ body: (Elicitation) throws -> Outcome
    ) throws -> Outcome {
        guard let found = try access.find(id, of: resource, in: transaction) else {
            return .refused(ElicitationAccess.notFound)
        }
        guard found.kind.strategy.isReadUntilAcknowledged else { return .refused(Self.isCollectedOnce) }
        let current = try access.standing.settled(found, in: transaction, now: now)
        guard current.status == .completed else { return .notCompleted(current.status) }
        guard current.isCollectable(at: now) else { return .refused(ElicitationAccess.notCollectable) }
        return try body(current)
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

    /// The answer's body is made here, outside of the transaction: the result of a `confirm` is signed.
    private func result(of outcome: Outcome) throws -> ElicitationResult {
        switch outcome {
        case .result(let elicitation, let body):
            var json: JSONObject = ["id": .string(elicitation.id.string), "kind": .string(elicitation.kind.rawValue)]
            for (name, value) in try body().members { json[name] = value }
            return .collected(.object(json))
        case .notCompleted(let status): return .notCompleted(status)
        case .refused(let error): throw error
        case .acknowledged: throw ElicitationAccess.notCollectable
        }
    }

    private static let isCollectedOnce = OAuthError(
        .invalidRequest, "Only results of the kind secret can be read and acknowledged; collect this one with POST.")
}
