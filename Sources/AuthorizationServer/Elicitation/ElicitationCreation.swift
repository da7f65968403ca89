package import JOSE
package import OAuth
import Storage

/// An elicitation that an MCP server asked for: where to send the person, and whether it was there before.
package struct CreatedElicitation: Sendable {
    package let id: ElicitationID
    /// The address of the status, `{issuer}/elicitations/{id}`.
    package let location: String
    /// The answer's body.
    package let json: JSON
    /// Found again instead of made.
    package let isFound: Bool
}

extension ElicitationEndpoint {
    /// What became of a question to a person.
    enum Verdict: Sendable {
        case made(Elicitation)
        case found(Elicitation)
        case refused(OAuthError)
    }

    /// Makes an elicitation for the person whose token comes with the request, or finds the one that asks the same.
    package func create(_ body: [UInt8], authorization: String?) async throws -> CreatedElicitation {
        let now = clock.now()
        let asker = try await authentication.identify(authorization)
        let request = try ElicitationRequest(json: try Self.object(body))
        let claims = subjects.claims(of: request.subjectToken, now: now)
        let verdict = try await store.write { transaction in
            guard let session = try subjects.session(of: claims, for: asker, in: transaction, now: now) else {
                return Verdict.refused(Self.noPerson)
            }
            return try settle(request.draft, session: session, asker: asker, in: transaction, now: now)
        }
        switch verdict {
        case .made(let made): return answer(made, isFound: false)
        case .found(let found): return answer(found, isFound: true)
        case .refused(let error):
            authentication.observer.observe(.refused(error))
            throw error
        }
    }

    static func object(_ body: [UInt8]) throws -> JSONObject {
        do {
            return try JSONObject(parsing: body)
        } catch {
            throw OAuthError(.invalidRequest, "Send one JSON object as the body.", reason: "\(error)")
        }
    }

    /// Finds the elicitation that asks the same in this session, or makes it, if the MCP server may ask it.
    func settle(
        _ request: ElicitationDraft, session: SessionGrant, asker: Resource, in transaction: Transaction,
        now: Timestamp
    ) throws -> Verdict {
        let policy = try transaction.resources.policy(of: asker.id)
        let kind = type(of: request.ask).kind
        guard policy.elicitationKinds.contains(kind) else {
            return .refused(
                OAuthError(
                    .unsupportedKind, "Elicitations of this kind are not granted to this MCP server; ask its operator.")
            )
        }
        if let refusal = try kind.strategy.refusal(of: request, by: asker.id, policy: policy, in: transaction) {
            return .refused(refusal)
        }
        if let earlier = try earlier(request, session: session, in: transaction, now: now) { return earlier }
        if let refusal = try tooMany(session, asker: asker, in: transaction, now: now) { return .refused(refusal) }
        let made = Elicitation(request, session: session, now: now)
        try transaction.elicitations.insert(made)
        try transaction.audit.append(
            AuditEntry(
                .elicitationCreated, at: now, actor: .resource(asker.id), of: session, initiator: .server,
                correlation: made.id.string))
        return .made(made)
    }

    /// Why this person is not asked more by this MCP server now. The clock bounds what the count of open ones does not: to
    /// ask and to take back, again and again.
    private func tooMany(
        _ session: SessionGrant, asker: Resource, in transaction: Transaction, now: Timestamp
    ) throws -> OAuthError? {
        let open = try transaction.elicitations.open(user: session.userID, resource: asker.id, now: now)
        guard open < Elicitation.mostOpen else {
            return OAuthError(
                .tooManyRequests, "Too many elicitations wait for this person; let some end or cancel them first.")
        }
        let lately = try transaction.elicitations.count(askedOf: session.userID, by: asker.id, since: now - 3600)
        guard lately < Elicitation.mostAnHour else {
            return OAuthError(.tooManyRequests, "This person was asked too often within an hour; ask again later.")
        }
        return nil
    }

    /// The same question asked before: by its key if it has one, else by what it asks.
    private func earlier(
        _ request: ElicitationDraft, session: SessionGrant, in transaction: Transaction, now: Timestamp
    ) throws -> Verdict? {
        if let key = request.idempotencyKey {
            guard
                let found = try transaction.elicitations.find(
                    key: key, resource: session.resourceID, user: session.userID, client: session.clientID)
            else { return nil }
            let settled = try standing.settled(found, in: transaction, now: now)
            guard settled.status.isOpen || settled.status == .completed else { return nil }
            // What is approved in one session counts in no other, not even of the same person and client.
            guard settled.digest == request.digest, settled.sessionID == session.id else {
                return .refused(
                    OAuthError(
                        .idempotencyConflict,
                        "This idempotency_key was used for another request or in another session; choose a new one."))
            }
            return .found(settled)
        }
        let found = try transaction.elicitations.find(
            digest: request.digest, session: session.id, resource: session.resourceID, now: now)
        return try found.flatMap { found in
            guard try found.status != .completed || found.kind.strategy.stands(found, in: transaction) else {
                return nil
            }
            return .found(found)
        }
    }

    func answer(_ asked: Elicitation, isFound: Bool) -> CreatedElicitation {
        var body: JSONObject = [
            "id": .string(asked.id.string), "url": .string(issuer.endpoint("/e/\(asked.pageID)")),
            "kind": .string(asked.kind.rawValue), "status": .string(asked.status.rawValue),
            "version": .integer(asked.version), "expires_at": .string(asked.expiresAt.rfc3339),
        ]
        if asked.kind.ask.sharesDigest { body["digest"] = .string(asked.digest.base64URL) }
        return CreatedElicitation(
            id: asked.id, location: issuer.endpoint("/elicitations/\(asked.id)"), json: .object(body), isFound: isFound)
    }

    static let noPerson = OAuthError(
        .invalidSubjectToken,
        "The subject_token has to be a live access token of a person for this MCP server; ask the client for a fresh one."
    )
}

extension Elicitation {
    /// What `request` asks of the person of `session`, never beyond its end.
    fileprivate init(_ request: ElicitationDraft, session: SessionGrant, now: Timestamp) {
        self.init(
            resourceID: session.resourceID, userID: session.userID, subject: session.subject,
            clientID: session.clientID, sessionID: session.id, message: request.message, ask: request.ask,
            digest: request.digest, idempotencyKey: request.idempotencyKey, createdAt: now,
            expiresAt: min(now + request.expiresIn, session.expiresAt))
    }
}
