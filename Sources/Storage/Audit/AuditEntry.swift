package import OAuth

/// What happened, by a name that others can count and search for.
package struct AuditAction: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    /// An action by its name.
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let personSignedIn = AuditAction(rawValue: "person.signed_in")
    package static let signInHeld = AuditAction(rawValue: "person.sign_in_held")
    package static let personSignedOut = AuditAction(rawValue: "person.signed_out")
    package static let accessDenied = AuditAction(rawValue: "access.denied")
    package static let sessionApproved = AuditAction(rawValue: "session.approved")
    package static let sessionEnded = AuditAction(rawValue: "session.ended")
    package static let tokenIssued = AuditAction(rawValue: "token.issued")
    package static let tokenRefreshed = AuditAction(rawValue: "token.refreshed")
    package static let tokenRepeated = AuditAction(rawValue: "token.repeated")
    package static let codeBurnt = AuditAction(rawValue: "code.burnt")
    package static let elicitationCreated = AuditAction(rawValue: "elicitation.created")
    package static let elicitationCompleted = AuditAction(rawValue: "elicitation.completed")
    package static let elicitationDeclined = AuditAction(rawValue: "elicitation.declined")
    package static let elicitationCancelled = AuditAction(rawValue: "elicitation.cancelled")
    package static let elicitationExpired = AuditAction(rawValue: "elicitation.expired")
    package static let elicitationFailed = AuditAction(rawValue: "elicitation.failed")
    package static let elicitationCollected = AuditAction(rawValue: "elicitation.collected")
    package static let elicitationRead = AuditAction(rawValue: "elicitation.read")
    package static let elicitationOwnPassword = AuditAction(rawValue: "elicitation.own_password")
    package static let elicitationHandedOver = AuditAction(rawValue: "elicitation.handed_over")
    package static let elicitationRedeemed = AuditAction(rawValue: "elicitation.redeemed")
    package static let elicitationMisdirected = AuditAction(rawValue: "elicitation.wrong_person")
    package static let eventRetried = AuditAction(rawValue: "event.retried")
    package static let providerAdded = AuditAction(rawValue: "provider.added")
    package static let providerRemoved = AuditAction(rawValue: "provider.removed")
    package static let providerAllowed = AuditAction(rawValue: "provider.allowed")
    package static let providerForbidden = AuditAction(rawValue: "provider.forbidden")
    package static let connectionMade = AuditAction(rawValue: "connection.made")
    package static let connectionUsed = AuditAction(rawValue: "connection.used")
    package static let connectionRefreshed = AuditAction(rawValue: "connection.refreshed")
    package static let connectionEnded = AuditAction(rawValue: "connection.ended")
    package static let policyChanged = AuditAction(rawValue: "resource.policy_changed")
    package static let userAdded = AuditAction(rawValue: "user.added")
    package static let userDisabled = AuditAction(rawValue: "user.disabled")
    package static let userEnabled = AuditAction(rawValue: "user.enabled")
    package static let passwordChanged = AuditAction(rawValue: "user.password_changed")
    package static let resourceAdded = AuditAction(rawValue: "resource.added")
    package static let resourceSecretRotated = AuditAction(rawValue: "resource.secret_rotated")
    package static let resourceRemoved = AuditAction(rawValue: "resource.removed")
    package static let clientAdded = AuditAction(rawValue: "client.added")
    package static let clientAllowed = AuditAction(rawValue: "client.allowed")
    package static let clientBlocked = AuditAction(rawValue: "client.blocked")
    package static let clientRuleRemoved = AuditAction(rawValue: "client.rule_removed")
    package static let clientRefreshed = AuditAction(rawValue: "client.refreshed")
    package static let clientRemoved = AuditAction(rawValue: "client.removed")
    package static let keyRotated = AuditAction(rawValue: "key.rotated")
    package static let keyEnded = AuditAction(rawValue: "key.ended")
    package static let databaseCopied = AuditAction(rawValue: "database.copied")
    package static let auditKeyUsed = AuditAction(rawValue: "audit.key_used")
    package static let auditKeyEnded = AuditAction(rawValue: "audit.key_ended")
    package static let auditRestoreAccepted = AuditAction(rawValue: "audit.restore_accepted")
    package static let auditExported = AuditAction(rawValue: "audit.exported")
    package static let auditDropped = AuditAction(rawValue: "audit.dropped")
    package static let auditErased = AuditAction(rawValue: "audit.erased")
    package static let jobOpened = AuditAction(rawValue: "job.opened")
    package static let jobEnded = AuditAction(rawValue: "job.ended")
    package static let actionEvaluated = AuditAction(rawValue: "action.evaluated")
    package static let samplingReviewed = AuditAction(rawValue: "sampling.reviewed")
    package static let formAsked = AuditAction(rawValue: "form.asked")
    package static let reportsOverQuota = AuditAction(rawValue: "reports.over_quota")
}

/// Who did it.
package enum AuditActor: Hashable, Sendable {
    case person(UserID)
    case client(ClientID)
    case resource(ResourceID)
    /// An operator on the machine: the proven user id, and the name that was only claimed.
    case admin(uid: UInt32, claimed: String?)
    /// Gatehouse itself.
    case system
}

/// One thing that happened, as it goes into the chain.
package struct AuditEntry: Hashable, Sendable {
    /// What came of it.
    package enum Outcome: String, Hashable, Sendable {
        case success, refused
    }

    /// What set it off.
    package enum Initiator: String, Hashable, Sendable {
        case human, model, server, system
    }

    /// How Gatehouse knows.
    package enum Evidence: Hashable, Sendable {
        /// It saw it happen.
        case witnessed
        /// It was told, by whom; that satisfies no policy.
        case reported(by: String)
    }

    package let action: AuditAction
    package let outcome: Outcome
    package let at: Timestamp
    package let actor: AuditActor
    /// On whose behalf.
    package let user: UserID?
    package let client: ClientID?
    package let resource: ResourceID?
    package let session: SessionID?
    /// The private cause, in Gatehouse's own words: it is part of the chain for ever, so nothing that a person typed.
    package let reason: String?
    package let initiator: Initiator
    package let evidence: Evidence
    /// What else it is about, by its id: an elicitation, a connection, a job.
    package let correlation: String?
    /// What a person or an MCP server wrote about it; it can be erased.
    package let explanation: String?
    /// The network address that a person came from; it can be erased.
    package let address: String?
    /// The request that caused it; filled in by the transaction.
    package internal(set) var trace: TraceID?

    /// An entry about whatever is named.
    package init(
        _ action: AuditAction, at: Timestamp, actor: AuditActor, user: UserID? = nil, client: ClientID? = nil,
        resource: ResourceID? = nil, session: SessionID? = nil, outcome: Outcome = .success, reason: String? = nil,
        initiator: Initiator, evidence: Evidence = .witnessed, correlation: String? = nil,
        explanation: String? = nil, address: String? = nil
    ) {
        self.action = action
        self.outcome = outcome
        self.at = at
        self.actor = actor
        self.user = user
        self.client = client
        self.resource = resource
        self.session = session
        self.reason = reason
        self.initiator = initiator
        self.evidence = evidence
        self.correlation = correlation
        self.explanation = explanation
        self.address = address
    }

    /// An entry about a session that was read for deciding.
    package init(
        _ action: AuditAction, at: Timestamp, actor: AuditActor, of session: SessionGrant,
        outcome: Outcome = .success, reason: String? = nil, initiator: Initiator, evidence: Evidence = .witnessed,
        correlation: String? = nil, explanation: String? = nil
    ) {
        self.init(
            action, at: at, actor: actor, user: session.userID, client: session.clientID,
            resource: session.resourceID, session: session.id, outcome: outcome, reason: reason, initiator: initiator,
            evidence: evidence, correlation: correlation, explanation: explanation)
    }

    /// An entry about a session.
    package init(
        _ action: AuditAction, at: Timestamp, actor: AuditActor, of session: Session, outcome: Outcome = .success,
        reason: String? = nil, initiator: Initiator, evidence: Evidence = .witnessed, correlation: String? = nil,
        explanation: String? = nil
    ) {
        self.init(
            action, at: at, actor: actor, user: session.userID, client: session.clientID,
            resource: session.resourceID, session: session.id, outcome: outcome, reason: reason, initiator: initiator,
            evidence: evidence, correlation: correlation, explanation: explanation)
    }
}
