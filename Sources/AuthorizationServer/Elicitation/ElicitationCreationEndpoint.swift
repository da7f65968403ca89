package import JOSE
package import OAuth
import Storage

/// The answer to a request that creates an elicitation.
package struct CreatedElicitation: Sendable {
    /// The handle for the MCP server. It never appears in a URL that the user opens.
    package let id: ElicitationID
    /// The address of the status, `{issuer}/elicitations/{id}`.
    package let location: String
    /// The body of the answer.
    package let json: JSON
    /// Whether an earlier request created the elicitation and this one found it again.
    package let isReused: Bool
}

/// Creates elicitations for MCP servers. The access token in the request proves that the user has a live session at
/// this MCP server; a bare `sub` would let any MCP server address any user.
package struct ElicitationCreationEndpoint: Sendable {
    let access: ElicitationAccess

    /// How a request for an elicitation ends in the database.
    enum Outcome: Sendable {
        case created(Elicitation)
        /// An elicitation that asks the same already exists.
        case existing(Elicitation)
        case refused(OAuthError)
    }

    /// Creates an elicitation for the user of the subject token, or finds the one that asks the same.
    package func create(_ body: [UInt8], authorization: String?) async throws -> CreatedElicitation {
        let now = access.clock.now()
        let resource = try await access.authentication.identify(authorization)
        let request = try ElicitationRequest(json: JSONObject(requestBody: body), now: now)
        let claims = access.subjects.claims(of: request.subjectToken, now: now)
        let outcome = try await access.store.write { transaction in
            guard let session = try access.subjects.session(of: claims, for: resource, in: transaction, now: now) else {
                return Outcome.refused(SubjectTokens.invalid)
            }
            return try findOrCreate(request.draft, session: session, resource: resource, in: transaction, now: now)
        }
        switch outcome {
        case .created(let elicitation): return answer(elicitation, isReused: false)
        case .existing(let elicitation): return answer(elicitation, isReused: true)
        case .refused(let error): throw access.authentication.observed(error)
        }
    }

    /// Finds the elicitation that asks the same in this session, or creates one if the MCP server may.
    func findOrCreate(
        _ draft: ElicitationDraft, session: SessionGrant, resource: Resource, in transaction: Transaction,
        now: Timestamp
    ) throws -> Outcome {
        guard let user = session.user else { return .refused(SubjectTokens.noUser) }
        let policy = try transaction.resources.policy(of: resource.id)
        let kind = type(of: draft.ask).kind
        guard policy.elicitationKinds.contains(kind) else {
            return .refused(
                OAuthError(
                    .unsupportedKind,
                    "This MCP server may not create elicitations of the kind \(kind.rawValue); ask its operator."))
        }
        if let refusal = try kind.strategy.refusal(of: draft, by: resource.id, policy: policy, in: transaction) {
            return .refused(refusal)
        }
        if let existing = try existing(draft, session: session, user: user, in: transaction, now: now) {
            return existing
        }
        if let refusal = try limitRefusal(user, resource: resource, in: transaction, now: now) {
            return .refused(refusal)
        }
        let elicitation = Elicitation(draft, session: session, user: user, now: now)
        try transaction.elicitations.insert(elicitation)
        try transaction.audit.append(
            AuditEntry(
                .elicitationCreated, at: now, actor: .resource(resource.id), of: session, initiator: .server,
                correlation: elicitation.id.string))
        return .created(elicitation)
    }

    /// The refusal of an MCP server that has reached a limit for this user; nil below the limits.
    ///
    /// The limit by the hour stops a server that creates and cancels in a loop, which never has many open at once.
    private func limitRefusal(
        _ user: SessionUser, resource: Resource, in transaction: Transaction, now: Timestamp
    ) throws -> OAuthError? {
        let open = try transaction.elicitations.open(user: user.id, resource: resource.id, now: now)
        guard open < Elicitation.mostOpen else {
            return OAuthError(
                .tooManyRequests,
                "This user has too many open elicitations of this MCP server; wait until some end, or cancel them.")
        }
        let recent = try transaction.elicitations.count(askedOf: user.id, by: resource.id, since: now - 3600)
        guard recent < Elicitation.mostAnHour else {
            return OAuthError(
                .tooManyRequests,
                "This MCP server created too many elicitations for this user within an hour; try again later.")
        }
        return nil
    }

    /// The elicitation that an earlier request created: by its idempotency key if the request has one, else by its
    /// digest.
    private func existing(
        _ draft: ElicitationDraft, session: SessionGrant, user: SessionUser, in transaction: Transaction, now: Timestamp
    ) throws -> Outcome? {
        if let key = draft.idempotencyKey {
            guard
                let found = try transaction.elicitations.find(
                    key: key, resource: session.resourceID, user: user.id, client: session.clientID)
            else { return nil }
            let current = try access.standing.settled(found, in: transaction, now: now)
            guard current.status.isOpen || current.status == .completed else { return nil }
            // An approval in one session counts in no other, not even in one of the same user and client.
            guard current.isOf(draft), current.sessionID == session.id else {
                return .refused(
                    OAuthError(
                        .idempotencyConflict,
                        "This idempotency_key was used for another request or in another session; choose a new one."))
            }
            return .existing(current)
        }
        let found = try transaction.elicitations.find(
            digest: draft.digest, session: session.id, resource: session.resourceID, now: now)
        return try found.flatMap { found in
            guard try found.status != .completed || found.kind.strategy.isStillAnswered(found, in: transaction) else {
                return nil
            }
            return .existing(found)
        }
    }

    /// The answer that names an elicitation to its MCP server.
    func answer(_ elicitation: Elicitation, isReused: Bool) -> CreatedElicitation {
        CreatedElicitation(
            id: elicitation.id, location: access.issuer.endpoint("/elicitations/\(elicitation.id)"),
            json: .object(elicitation.json(at: access.issuer)), isReused: isReused)
    }
}

extension Elicitation {
    /// The elicitation of a draft in a session; it expires no later than the session.
    fileprivate init(_ draft: ElicitationDraft, session: SessionGrant, user: SessionUser, now: Timestamp) {
        self.init(
            resourceID: session.resourceID, userID: user.id, subject: user.subject,
            clientID: session.clientID, sessionID: session.id, message: draft.message, ask: draft.ask,
            digest: draft.digest, idempotencyKey: draft.idempotencyKey, requestDigest: draft.requestDigest,
            createdAt: now,
            expiresAt: min(now + draft.expiresIn, session.expiresAt))
    }

    /// Whether it was created by this very request. Rows of earlier versions keep only the digest of what they ask.
    fileprivate func isOf(_ draft: ElicitationDraft) -> Bool {
        requestDigest.map { $0 == draft.requestDigest } ?? (digest == draft.digest)
    }
}
