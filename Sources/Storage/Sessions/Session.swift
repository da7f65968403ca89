package import JOSE
package import OAuth

/// The access of one client at one MCP server, approved by a user or permitted by an operator. Every token refers to one.
///
/// A user begins a session in a browser. A session that a client or an assertion begins has no browser and no redirect URI,
/// and a client that acts for itself has no user either.
package struct Session: Hashable, Sendable {
    /// The state of a session; the last two are final.
    package enum State: String, Hashable, Sendable {
        /// Approved by its user; the code is not redeemed yet.
        case approved
        case active, ended, expired
    }

    package let id: SessionID
    /// The user in whose name the client acts; nil for a client that acts for itself.
    package let userID: UserID?
    package let clientID: ClientID
    /// The client name on the consent page.
    package let clientName: String
    /// The host of the client's metadata document; nil for a registered client.
    package let clientHost: String?
    package let resourceID: ResourceID
    /// The approved scopes, without those that the MCP server lost since.
    package let scope: ScopeSet
    /// The redirect URI of the approval; nil for a session that no browser began.
    package let redirectURI: String?
    /// The digest of the cookie of the approving browser; nil for a session that no browser began.
    package let binding: Digest?
    package let state: State
    package let createdAt: Timestamp
    /// The absolute end, which never moves.
    package let expiresAt: Timestamp
    /// The idle timeout in seconds.
    package let idleSeconds: Int64
    /// The last issue, refresh or introspection of a token.
    package let lastUsedAt: Timestamp
    /// When it ended or expired; nil for a live session.
    package let endedAt: Timestamp?
    /// Why it ended or expired; nil for a live session.
    package let endReason: SessionEndReason?
    /// Who decided the end; nil for a live session.
    package let endedBy: InitiatingEntity?
    /// When the user authenticated before the approval.
    package let authTime: Timestamp
    /// The authentication context of the approval.
    package let acr: AuthenticationContext?
    /// How the client has to authenticate, if its session demands a method; see `SessionGrant.authMethod`.
    package let authMethod: ClientAuthenticationMethod?
    /// The digest of the metadata document behind the consent page; nil for a registered client.
    package let documentDigest: Digest?
    /// The name of the key that authenticates its refresh tokens; empty for a session without refresh tokens.
    package let refreshKeyID: String
    /// The earlier sessions that end when the code of this one is redeemed.
    package let replaces: [SessionID]

    /// A session in its stored form.
    package init(
        id: SessionID = .random(), userID: UserID?, clientID: ClientID, clientName: String, clientHost: String? = nil,
        resourceID: ResourceID, scope: ScopeSet, redirectURI: String?, binding: Digest?, state: State = .approved,
        createdAt: Timestamp, expiresAt: Timestamp, idleSeconds: Int64, lastUsedAt: Timestamp? = nil,
        endedAt: Timestamp? = nil, endReason: SessionEndReason? = nil, endedBy: InitiatingEntity? = nil,
        authTime: Timestamp, acr: AuthenticationContext? = nil, authMethod: ClientAuthenticationMethod? = nil,
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
        self.authMethod = authMethod
        self.documentDigest = documentDigest
        self.refreshKeyID = refreshKeyID
        self.replaces = replaces
    }

    /// The state at `now`: expired at a time limit, even before the housekeeper updates the row.
    package func state(at now: Timestamp) -> State {
        life.state(at: now)
    }

    /// Whether the session is live at `now`.
    package func isLive(at now: Timestamp) -> Bool { life.isLive(at: now) }

    /// When the session expires if it is not used again: at its absolute end or its idle timeout.
    package var unusedExpiry: Timestamp { life.unusedExpiry }

    private var life: SessionLife {
        SessionLife(state: state, expiresAt: expiresAt, lastUsedAt: lastUsedAt, idleSeconds: idleSeconds)
    }
}

extension Session {
    static let columns = """
        id, user_id, client_id, client_name, client_host, resource_id, scope, redirect_uri, binding, state, created_at,
        expires_at, idle_seconds, last_used_at, ended_at, end_reason, auth_time, acr, document_digest, refresh_key,
        replaces, ended_by, auth_method, \(WithdrawnScopes.of("sessions"))
        """

    init(_ row: StoredRow) throws {
        try self.init(
            id: row.id(0), userID: row.idIfAny(1), clientID: row.client(2), clientName: row.text(3),
            clientHost: row.textIfAny(4), resourceID: row.id(5), scope: row.scope(6, without: 23),
            redirectURI: row.textIfAny(7),
            binding: row.digestIfAny(8), state: row.parsed(State(rawValue: row.text(9))), createdAt: row.time(10),
            expiresAt: row.time(11), idleSeconds: row.integer(12), lastUsedAt: row.time(13), endedAt: row.timeIfAny(14),
            endReason: row.textIfAny(15).map { SessionEndReason(rawValue: $0) },
            endedBy: row.textIfAny(21).flatMap { InitiatingEntity(rawValue: $0) }, authTime: row.time(16),
            acr: row.textIfAny(17).map(AuthenticationContext.init(rawValue:)),
            authMethod: row.textIfAny(22).map { try row.parsed(ClientAuthenticationMethod(rawValue: $0)) },
            documentDigest: row.digestIfAny(18), refreshKeyID: row.text(19),
            replaces: row.ids(20))
    }
}
