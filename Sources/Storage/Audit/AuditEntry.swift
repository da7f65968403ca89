package import OAuth

/// What happened, by a stable name that operators filter and count by.
package struct AuditAction: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    /// An action by its stored name.
    package init(rawValue: String) { self.rawValue = rawValue }

    package static let personSignedIn = AuditAction(rawValue: "person.signed_in")
    /// Password guessing held up sign-ins to an account.
    package static let signInHeld = AuditAction(rawValue: "person.sign_in_held")
    package static let personSignedOut = AuditAction(rawValue: "person.signed_out")
    package static let accessDenied = AuditAction(rawValue: "access.denied")
    /// The access rule of an MCP server kept a user out.
    package static let accessRefused = AuditAction(rawValue: "access.refused")
    package static let sessionApproved = AuditAction(rawValue: "session.approved")
    /// A client that acts for itself got its first token at an MCP server.
    package static let sessionOpened = AuditAction(rawValue: "session.opened")
    /// An MCP server required a fresh sign-in at the next approval.
    package static let signInRequired = AuditAction(rawValue: "session.sign_in_required")
    package static let sessionEnded = AuditAction(rawValue: "session.ended")
    package static let tokenIssued = AuditAction(rawValue: "token.issued")
    package static let tokenRefreshed = AuditAction(rawValue: "token.refreshed")
    /// The token of a repeated request was issued again within its grace period.
    package static let tokenRepeated = AuditAction(rawValue: "token.repeated")
    /// Wrong code verifiers spent an authorization code.
    package static let codeBurnt = AuditAction(rawValue: "code.burnt")
    /// An MCP server with keys got a token for the endpoints for MCP servers.
    package static let serverTokenIssued = AuditAction(rawValue: "resource.token_issued")
    package static let elicitationCreated = AuditAction(rawValue: "elicitation.created")
    package static let elicitationCompleted = AuditAction(rawValue: "elicitation.completed")
    package static let elicitationDeclined = AuditAction(rawValue: "elicitation.declined")
    package static let elicitationCancelled = AuditAction(rawValue: "elicitation.cancelled")
    package static let elicitationExpired = AuditAction(rawValue: "elicitation.expired")
    package static let elicitationFailed = AuditAction(rawValue: "elicitation.failed")
    /// The MCP server collected a result, which erased it.
    package static let elicitationCollected = AuditAction(rawValue: "elicitation.collected")
    package static let elicitationRead = AuditAction(rawValue: "elicitation.read")
    /// A user typed the password of the account at Gatehouse into a secret field.
    package static let elicitationOwnPassword = AuditAction(rawValue: "elicitation.own_password")
    /// A user was sent on to a page of the MCP server.
    package static let elicitationHandedOver = AuditAction(rawValue: "elicitation.handed_over")
    /// The MCP server redeemed the ticket of a user who came back.
    package static let elicitationRedeemed = AuditAction(rawValue: "elicitation.redeemed")
    /// Another user than the one it is for opened the page.
    package static let elicitationMisdirected = AuditAction(rawValue: "elicitation.wrong_person")
    package static let eventRetried = AuditAction(rawValue: "event.retried")
    /// An administrator asked for a verification event, or an MCP server did so while its endpoint was disabled.
    package static let eventVerificationRequested = AuditAction(rawValue: "event.verification_requested")
    package static let providerAdded = AuditAction(rawValue: "provider.added")
    /// An administrator replaced Gatehouse's secret at a provider.
    package static let providerChanged = AuditAction(rawValue: "provider.changed")
    package static let providerRemoved = AuditAction(rawValue: "provider.removed")
    package static let providerAllowed = AuditAction(rawValue: "provider.allowed")
    package static let providerForbidden = AuditAction(rawValue: "provider.forbidden")
    package static let connectionMade = AuditAction(rawValue: "connection.made")
    /// The MCP server got an access token of a connected account.
    package static let connectionUsed = AuditAction(rawValue: "connection.used")
    package static let connectionRefreshed = AuditAction(rawValue: "connection.refreshed")
    package static let connectionEnded = AuditAction(rawValue: "connection.ended")
    package static let policyChanged = AuditAction(rawValue: "resource.policy_changed")
    package static let userAdded = AuditAction(rawValue: "user.added")
    package static let userDisabled = AuditAction(rawValue: "user.disabled")
    package static let userEnabled = AuditAction(rawValue: "user.enabled")
    package static let userRenamed = AuditAction(rawValue: "user.renamed")
    package static let userDeleted = AuditAction(rawValue: "user.deleted")
    package static let passwordChanged = AuditAction(rawValue: "user.password_changed")
    package static let groupAdded = AuditAction(rawValue: "group.added")
    package static let groupRemoved = AuditAction(rawValue: "group.removed")
    package static let groupMemberAdded = AuditAction(rawValue: "group.member_added")
    package static let groupMemberRemoved = AuditAction(rawValue: "group.member_removed")
    /// A user linked an account at an identity provider.
    package static let identityLinked = AuditAction(rawValue: "user.identity_linked")
    package static let identityUnlinked = AuditAction(rawValue: "user.identity_unlinked")
    package static let identityProviderAdded = AuditAction(rawValue: "identity_provider.added")
    package static let identityProviderChanged = AuditAction(rawValue: "identity_provider.changed")
    package static let identityProviderRemoved = AuditAction(rawValue: "identity_provider.removed")
    /// An administrator made a link with which a new user sets the first password.
    package static let userInvited = AuditAction(rawValue: "user.invited")
    /// An administrator removed a user's password and made a link for a new one.
    package static let userReset = AuditAction(rawValue: "user.reset")
    /// Somebody set the password of an account with the link of an invitation or of a reset.
    package static let accountLinkUsed = AuditAction(rawValue: "user.link_used")
    package static let resourceAdded = AuditAction(rawValue: "resource.added")
    /// An administrator changed name, owner, scopes or events endpoint of an MCP server.
    package static let resourceChanged = AuditAction(rawValue: "resource.changed")
    package static let resourceSecretRotated = AuditAction(rawValue: "resource.secret_rotated")
    package static let resourceRemoved = AuditAction(rawValue: "resource.removed")
    package static let clientAdded = AuditAction(rawValue: "client.added")
    /// A client registered itself: the record of its first approval, or of its use of an initial access token.
    package static let clientRegistered = AuditAction(rawValue: "client.registered")
    /// A client changed its own registration, or an administrator changed that of a client.
    package static let clientChanged = AuditAction(rawValue: "client.changed")
    package static let clientSecretRotated = AuditAction(rawValue: "client.secret_rotated")
    package static let clientAllowed = AuditAction(rawValue: "client.allowed")
    package static let clientBlocked = AuditAction(rawValue: "client.blocked")
    package static let clientRuleRemoved = AuditAction(rawValue: "client.rule_removed")
    /// An administrator had a metadata document fetched again.
    package static let clientRefreshed = AuditAction(rawValue: "client.refreshed")
    package static let clientRemoved = AuditAction(rawValue: "client.removed")
    /// An administrator allowed a redirect to clients that register themselves.
    package static let redirectAllowed = AuditAction(rawValue: "client.redirect_allowed")
    package static let redirectRemoved = AuditAction(rawValue: "client.redirect_removed")
    /// An administrator made an initial access token, with which clients register themselves.
    package static let clientInvited = AuditAction(rawValue: "client.invited")
    package static let invitationRevoked = AuditAction(rawValue: "client.invitation_revoked")
    /// An administrator permitted a client to act for itself at an MCP server.
    package static let clientPermitted = AuditAction(rawValue: "client.permitted")
    package static let clientPermissionWithdrawn = AuditAction(rawValue: "client.permission_withdrawn")
    package static let keyRotated = AuditAction(rawValue: "key.rotated")
    /// An administrator encrypted the key files anew, or decrypted them.
    package static let keysProtected = AuditAction(rawValue: "keys.protected")
    /// A key of any purpose ended.
    package static let keyEnded = AuditAction(rawValue: "key.ended")
    /// A backup of the database left the server.
    package static let databaseCopied = AuditAction(rawValue: "database.copied")
    /// A backup of the database was restored.
    package static let databaseRestored = AuditAction(rawValue: "database.restored")
    /// A key signs checkpoints from here on.
    package static let auditKeyUsed = AuditAction(rawValue: "audit.key_used")
    /// A key of checkpoints ended, and this chain ended here then.
    package static let auditKeyEnded = AuditAction(rawValue: "audit.key_ended")
    /// An administrator accepted a restored database.
    package static let auditRestoreAccepted = AuditAction(rawValue: "audit.restore_accepted")
    package static let auditExported = AuditAction(rawValue: "audit.exported")
    /// A chain begins behind this record, because earlier ones were exported and dropped.
    package static let auditDropped = AuditAction(rawValue: "audit.dropped")
    package static let auditErased = AuditAction(rawValue: "audit.erased")
    package static let jobOpened = AuditAction(rawValue: "job.opened")
    package static let jobEnded = AuditAction(rawValue: "job.ended")
    /// Gatehouse decided whether an MCP server may start an action.
    package static let actionEvaluated = AuditAction(rawValue: "action.evaluated")
    /// An MCP server reports that a user reviewed a sampling request.
    package static let samplingReviewed = AuditAction(rawValue: "sampling.reviewed")
    /// An MCP server reports that it asked a user by a form of its client.
    package static let formAsked = AuditAction(rawValue: "form.asked")
    /// An MCP server used up its quota of reports in an hour.
    package static let reportsOverQuota = AuditAction(rawValue: "reports.over_quota")
}

/// Who did what an entry records.
package enum AuditActor: Hashable, Sendable {
    case person(UserID)
    case client(ClientID)
    case resource(ResourceID)
    /// An administrator on the machine: the user id that the kernel vouches for, and the name that the caller claims.
    case admin(uid: UInt32, claimed: String?)
    /// Gatehouse itself.
    case system
}

/// One event, before it gets its place in a chain.
package struct AuditEntry: Hashable, Sendable {
    /// Whether it succeeded.
    package enum Outcome: String, Hashable, Sendable {
        case success, refused
    }

    /// Whether a human, a model, a client that acts for itself or another program started it.
    package enum Initiator: String, Hashable, Sendable {
        case human, model, client, server, system
    }

    /// How Gatehouse knows of it.
    package enum Evidence: Hashable, Sendable {
        /// Gatehouse did or saw it.
        case witnessed
        /// The named MCP server reported it; a report satisfies no policy.
        case reported(by: String)
    }

    package let action: AuditAction
    package let outcome: Outcome
    package let at: Timestamp
    package let actor: AuditActor
    /// The user in whose name it happened.
    package let user: UserID?
    package let client: ClientID?
    package let resource: ResourceID?
    package let session: SessionID?
    /// The private cause in Gatehouse's own words. The chain keeps it for ever, so it never holds what a user typed.
    package let reason: String?
    package let initiator: Initiator
    package let evidence: Evidence
    /// The id of the elicitation, connection or job that it is about.
    package let correlation: String?
    /// What a user, an administrator or an MCP server wrote about it; it can be erased.
    package internal(set) var explanation: String?
    /// The network address of the user; it can be erased.
    package let address: String?
    /// What it changed, from what to what; except for the terms of sessions, it can be erased.
    package let changes: [AuditChange]
    /// The trace id of the request that caused it; the transaction fills it in.
    package internal(set) var trace: TraceID?

    /// An entry about the given user, client, MCP server and session.
    package init(
        _ action: AuditAction, at: Timestamp, actor: AuditActor, user: UserID? = nil, client: ClientID? = nil,
        resource: ResourceID? = nil, session: SessionID? = nil, outcome: Outcome = .success, reason: String? = nil,
        initiator: Initiator, evidence: Evidence = .witnessed, correlation: String? = nil,
        explanation: String? = nil, address: String? = nil, changes: [AuditChange] = []
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
        self.changes = changes
    }

    /// An entry about the session of a grant.
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
        explanation: String? = nil, address: String? = nil, changes: [AuditChange] = []
    ) {
        self.init(
            action, at: at, actor: actor, user: session.userID, client: session.clientID,
            resource: session.resourceID, session: session.id, outcome: outcome, reason: reason, initiator: initiator,
            evidence: evidence, correlation: correlation, explanation: explanation, address: address,
            changes: changes)
    }
}
