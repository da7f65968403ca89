package import JOSE
package import OAuth

/// One approval of one client at one MCP server: the root that every token hangs on.
///
/// A session is begun by a person in a browser. One that a client or an assertion begins has no browser and no redirect, and
/// a client that acts for itself has no person either.
package struct Session: Hashable, Sendable {
    /// Where a session stands; the last two are final.
    package enum State: String, Hashable, Sendable {
        /// Approved by its person; the code is not redeemed yet.
        case approved
        case active, ended, expired
    }

    package let id: SessionID
    /// The person in whose name it is; nil for a client that acts for itself.
    package let userID: UserID?
    package let clientID: ClientID
    /// The name that the person was shown.
    package let clientName: String
    /// The host of the client's document, nil for a registered client.
    package let clientHost: String?
    package let resourceID: ResourceID
    package let scope: ScopeSet
    /// Where the approval was answered; nil for a session that no browser began.
    package let redirectURI: String?
    /// The digest of the cookie that marks the browser in which it was approved; nil for a session that no browser began.
    package let binding: Digest?
    package let state: State
    package let createdAt: Timestamp
    /// The absolute end, which nothing moves.
    package let expiresAt: Timestamp
    /// Seconds of disuse after which it is over.
    package let idleSeconds: Int64
    package let lastUsedAt: Timestamp
    package let endedAt: Timestamp?
    package let endReason: SessionEndReason?
    /// At whose will it ended; nil while it lives.
    package let endedBy: InitiatingEntity?
    package let authTime: Timestamp
    package let acr: String?
    /// The digest of the metadata document that the person was shown, nil for a registered client.
    package let documentDigest: Digest?
    /// Which named key makes its refresh tokens.
    package let refreshKeyID: String
    /// The earlier sessions that end when this one's code is redeemed.
    package let replaces: [SessionID]

    /// A session, as it begins.
    package init(
        id: SessionID = .random(), userID: UserID?, clientID: ClientID, clientName: String, clientHost: String? = nil,
        resourceID: ResourceID, scope: ScopeSet, redirectURI: String?, binding: Digest?, state: State = .approved,
        createdAt: Timestamp, expiresAt: Timestamp, idleSeconds: Int64, lastUsedAt: Timestamp? = nil,
        endedAt: Timestamp? = nil, endReason: SessionEndReason? = nil, endedBy: InitiatingEntity? = nil,
        authTime: Timestamp, acr: String? = nil,
        documentDigest: Digest? = nil, refreshKeyID: String, replaces: [SessionID] = []
    ) {
        self.id = id
        self.userID = userID
        self.clientID = clientID
        self.clientName = clientName
        self.clientHost = clientHost
        self.resourceID = resourceID
        self.scope = scope
        self.redirectURI = redirectURI
        self.binding = binding
        self.state = state
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.idleSeconds = idleSeconds
        self.lastUsedAt = lastUsedAt ?? createdAt
        self.endedAt = endedAt
        self.endReason = endReason
        self.endedBy = endedBy
        self.authTime = authTime
        self.acr = acr
        self.documentDigest = documentDigest
        self.refreshKeyID = refreshKeyID
        self.replaces = replaces
    }

    /// Where it stands at a moment: over as soon as its time is, whenever the row is tidied.
    package func state(at now: Timestamp) -> State {
        life.state(at: now)
    }

    /// Whether it can be used at `now`.
    package func isLive(at now: Timestamp) -> Bool { life.isLive(at: now) }

    /// When its time is over if nobody uses it any more: its absolute end, or the end of the idle time that is allowed.
    var unusedExpiry: Timestamp { life.unusedExpiry }

    private var life: SessionLife {
        SessionLife(state: state, expiresAt: expiresAt, lastUsedAt: lastUsedAt, idleSeconds: idleSeconds)
    }
}

extension Session {
    static let columns = """
        id, user_id, client_id, client_name, client_host, resource_id, scope, redirect_uri, binding, state, created_at,
        expires_at, idle_seconds, last_used_at, ended_at, end_reason, auth_time, acr, document_digest, refresh_key,
        replaces, ended_by
        """

    init(_ row: StoredRow) throws {
        try self.init(
            id: row.id(0), userID: row.idIfAny(1), clientID: row.client(2), clientName: row.text(3),
            clientHost: row.textIfAny(4), resourceID: row.id(5), scope: row.scope(6), redirectURI: row.textIfAny(7),
            binding: row.digestIfAny(8), state: row.parsed(State(rawValue: row.text(9))), createdAt: row.time(10),
            expiresAt: row.time(11), idleSeconds: row.integer(12), lastUsedAt: row.time(13), endedAt: row.timeIfAny(14),
            endReason: row.textIfAny(15).map { SessionEndReason(rawValue: $0) },
            endedBy: row.textIfAny(21).flatMap { InitiatingEntity(rawValue: $0) }, authTime: row.time(16),
            acr: row.textIfAny(17), documentDigest: row.digestIfAny(18), refreshKeyID: row.text(19),
            replaces: row.ids(20))
    }
}
