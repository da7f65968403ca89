package import JOSE
package import OAuth

/// A session with its user, client and MCP server as they are now: what decides whether tokens may be issued, and what
/// the tokens say. One query reads it.
package struct SessionGrant: Hashable, Sendable {
    package let id: SessionID
    /// The user in whose name the client acts; nil for a client that acts for itself.
    package let user: SessionUser?
    /// Whether the account of the user is disabled; false for a client that acts for itself.
    package let userIsDisabled: Bool
    package let clientID: ClientID
    package let clientName: String
    /// Whether a rule blocks the client or its host, or the client was removed.
    package let clientIsBlocked: Bool
    /// Whether the policy of the MCP server excludes the client's host.
    package let hostIsExcluded: Bool
    package let resourceID: ResourceID
    package let resource: ResourceIdentifier
    /// Whether the MCP server is removed or disabled.
    package let resourceIsGone: Bool
    /// Whether a rule says which users may use the MCP server or some of its scopes. Without one nothing else is read.
    package let hasAccessRule: Bool
    /// Whether the MCP server lost a scope of the session. Tokens were issued with it.
    package let hasLostScope: Bool
    /// Whether the MCP server lost every scope of the session.
    package let lostEveryScope: Bool
    /// The approved scopes, without those that the MCP server lost since, and, once the standing rule has passed the session, without
    /// those that the user may not have any more.
    package private(set) var scope: ScopeSet
    /// The state in the row; `state(at:)` takes the time into account.
    package let state: Session.State
    package let createdAt: Timestamp
    /// The absolute end; no token of the session outlives it.
    package let expiresAt: Timestamp
    /// The idle timeout in seconds.
    package let idleSeconds: Int64
    /// The longest lifetime of an access token in seconds, by the policy of the MCP server; nil without one.
    package let tokenLife: Int64?
    package let lastUsedAt: Timestamp
    /// When the user authenticated; without a user, when the session began.
    package let authTime: Timestamp
    package let acr: AuthenticationContext?
    /// The digest of the metadata document behind the consent page; nil for a registered client.
    package let documentDigest: Digest?
    /// The earlier sessions that end when the code is redeemed.
    package let replaces: [SessionID]
    /// The name of the key that authenticates refresh tokens.
    package let refreshKeyID: String
    /// The current refresh generation; 0 before the code is redeemed.
    package let generation: UInt32
    /// How the client authenticated when it redeemed the code. Before that, the method that the approval demands, if any. Nil for an
    /// active session means that it began in a version without keys.
    package let authMethod: ClientAuthenticationMethod?
    /// The proof of possession that a refresh needs.
    package let proofDemand: ProofDemand
    /// When the last four generations were superseded, latest first.
    package let turns: [Timestamp]

    /// The session without some of its scopes.
    package func withholding(_ scopes: ScopeSet) -> SessionGrant {
        guard !scopes.isEmpty else { return self }
        var session = self
        session.scope = scope.subtracting(scopes)
        return session
    }

    /// The state at `now`: expired at a time limit, whatever the row says.
    package func state(at now: Timestamp) -> Session.State {
        SessionLife(state: state, expiresAt: expiresAt, lastUsedAt: lastUsedAt, idleSeconds: idleSeconds)
            .state(at: now)
    }
}

extension Sessions {
    /// The grant of this session; nil if it does not exist.
    package func grant(_ id: SessionID) throws -> SessionGrant? {
        try first(Self.joined, id.string) { try SessionGrant($0) }
    }

    // One subquery for each kind of rule, because SQLite uses no index for an OR over both.
    private static let joined = """
        SELECT s.id, s.user_id, u.subject, u.name, u.disabled_at IS NOT NULL, s.client_id, s.client_name,
            EXISTS (SELECT 1 FROM client_rules WHERE kind = 'client' AND name = s.client_id AND rule = 'block')
            OR CASE WHEN s.client_host IS NULL THEN NOT EXISTS (SELECT 1 FROM clients WHERE id = s.client_id)
                    AND NOT EXISTS (SELECT 1 FROM dynamic_clients WHERE id = s.client_id)
                ELSE EXISTS (SELECT 1 FROM client_rules WHERE kind = 'host' AND name = s.client_host AND rule = 'block')
                    OR EXISTS (SELECT 1 FROM client_rules
                        WHERE rule = 'block' AND \(ClientRule.isPattern(covering: "s.client_host")))
            END,
            s.resource_id, r.identifier, r.removed_at IS NOT NULL OR r.disabled_at IS NOT NULL, s.scope, s.state,
            s.created_at, s.expires_at, s.idle_seconds, s.last_used_at, s.auth_time, s.acr, s.document_digest, s.replaces,
            s.refresh_key, s.generation, s.turn_1, s.turn_2, s.turn_3, s.turn_4, p.token_life,
            \(SessionPolicy.excludes(host: "s.client_host", client: "s.client_id")), s.auth_method,
            coalesce(p.is_restricted OR p.restricts_scopes, 0), s.proof, \(WithdrawnScopes.of("s"))
        FROM sessions s JOIN resources r ON r.id = s.resource_id LEFT JOIN users u ON u.id = s.user_id
            LEFT JOIN resource_policies p ON p.resource_id = s.resource_id
        WHERE s.id = ?1
        """
}

extension SessionGrant {
    init(_ row: StoredRow) throws {
        id = try row.id(0)
        user = try row.idIfAny(1).map {
            try SessionUser(id: $0, subject: row.id(2), name: row.text(3))
        }
        userIsDisabled = try row.flag(4)
        clientID = try row.client(5)
        clientName = try row.text(6)
        clientIsBlocked = try row.flag(7)
        resourceID = try row.id(8)
        resource = try row.resource(9)
        resourceIsGone = try row.flag(10)
        scope = try row.scope(11, without: 32)
        hasLostScope = try row.textIfAny(32) != nil
        lostEveryScope = try scope.isEmpty && row.textIfAny(32) != nil && !row.text(11).isEmpty
        state = try row.parsed(Session.State(rawValue: row.text(12)))
        createdAt = try row.time(13)
        expiresAt = try row.time(14)
        idleSeconds = try row.integer(15)
        lastUsedAt = try row.time(16)
        authTime = try row.time(17)
        acr = try row.textIfAny(18).map(AuthenticationContext.init(rawValue:))
        documentDigest = try row.digestIfAny(19)
        replaces = try row.ids(20)
        refreshKeyID = try row.text(21)
        generation = try row.parsed(UInt32(exactly: row.integer(22)))
        turns = try (23...26).compactMap { try row.timeIfAny($0) }
        tokenLife = try row.integerIfAny(27)
        hostIsExcluded = try row.flag(28)
        hasAccessRule = try row.flag(30)
        authMethod = try row.textIfAny(29).map { try row.parsed(ClientAuthenticationMethod(rawValue: $0)) }
        proofDemand = try ProofDemand(stored: row.textIfAny(31))
    }
}
