package import OAuth

/// The session at an identity provider that a browser login comes from.
package struct UpstreamLogin: Hashable, Sendable {
    package let provider: ProviderName
    package let issuer: OpenIDIssuer
    /// The account at the provider.
    package let subject: String
    /// The session there (`sid`); nil if the provider names none.
    package let sessionID: String?

    /// The origin of a login.
    package init(provider: ProviderName, issuer: OpenIDIssuer, subject: String, sessionID: String?) {
        self.provider = provider
        self.issuer = issuer
        self.subject = subject
        self.sessionID = sessionID
    }
}

/// The origins of browser logins at identity providers.
package struct UpstreamLogins: Noun {
    let transaction: Transaction
}

extension UpstreamLogins {
    /// Sets the origin of a login; nil for a login that the user proved here.
    package func set(_ origin: UpstreamLogin?, of login: BrowserLoginID) throws {
        try execute("DELETE FROM upstream_logins WHERE browser_login_id = ?1", login.string)
        guard let origin else { return }
        try execute(
            """
            INSERT INTO upstream_logins (browser_login_id, provider, issuer, subject, session_id) VALUES (?1, ?2, ?3, ?4, ?5)
            """, login.string, origin.provider.string, origin.issuer.string, origin.subject, origin.sessionID)
    }

    /// The origin of a login; nil for a login that the user proved here.
    package func find(_ login: BrowserLoginID) throws -> UpstreamLogin? {
        try first(
            "SELECT provider, issuer, subject, session_id FROM upstream_logins WHERE browser_login_id = ?1",
            login.string
        ) { row in
            try UpstreamLogin(
                provider: ProviderName(row.text(0)), issuer: OpenIDIssuer(row.text(1)), subject: row.text(2),
                sessionID: row.textIfAny(3))
        }
    }

    /// The live logins of a user in all browsers, the latest seen first, with the provider that vouched for each; nil for a login
    /// that the user proved here.
    package func logins(
        of user: UserID, now: Timestamp
    ) throws -> [(id: BrowserLoginID, provider: ProviderName?, since: Timestamp, seenAt: Timestamp)] {
        try all(
            """
            SELECT b.id, u.provider, b.created_at, b.last_seen_at
            FROM browser_logins b LEFT JOIN upstream_logins u ON u.browser_login_id = b.id
            WHERE b.user_id = ?1 AND b.expires_at > ?2 AND b.last_seen_at + ?3 > ?2 ORDER BY b.last_seen_at DESC, b.id LIMIT 50
            """, user.string, now.seconds, BrowserLogin.idleSeconds
        ) { row in
            (try row.id(0), try row.textIfAny(1).map { try ProviderName($0) }, try row.time(2), try row.time(3))
        }
    }

    /// A live login that a provider vouched for, and what the provider said about its account last.
    package struct Vouched: Sendable {
        package let id: BrowserLoginID
        package let user: UserID
        package let statement: UpstreamClaims?
    }

    /// The live logins that a provider vouched for.
    package func vouched(by provider: ProviderName, now: Timestamp) throws -> [Vouched] {
        try all(
            """
            SELECT b.id, b.user_id, i.statement FROM upstream_logins u
            JOIN browser_logins b ON b.id = u.browser_login_id
            LEFT JOIN upstream_identities i ON i.issuer = u.issuer AND i.subject = u.subject
            WHERE u.provider = ?1 AND b.expires_at > ?2 AND b.last_seen_at + ?3 > ?2 ORDER BY b.id
            """, provider.string, now.seconds, BrowserLogin.idleSeconds
        ) { row in
            try Vouched(
                id: row.id(0), user: row.id(1),
                statement: row.textIfAny(2).flatMap(UpstreamClaims.init(text:)))
        }
    }

    /// The number of a user's live logins in all browsers.
    package func count(of user: UserID, now: Timestamp) throws -> Int64 {
        try first(
            """
            SELECT count(*) FROM browser_logins WHERE user_id = ?1 AND expires_at > ?2 AND last_seen_at + ?3 > ?2
            """, user.string, now.seconds, BrowserLogin.idleSeconds
        ) { try $0.integer(0) } ?? 0
    }

    /// Ends one login of a user; false if the user has no such login.
    package func end(_ login: BrowserLoginID, of user: UserID) throws -> Bool {
        try execute("DELETE FROM browser_logins WHERE id = ?1 AND user_id = ?2", login.string, user.string) == 1
    }

    /// Ends the browser logins of a subject, of a session at the provider, or of both together, and returns their users. Where both
    /// are named, a login of the subject whose session is unknown ends too.
    package func end(issuer: OpenIDIssuer, subject: String?, session: String?) throws -> [UserID] {
        guard subject != nil || session != nil else { return [] }
        return try all(
            """
            DELETE FROM browser_logins WHERE id IN (
                SELECT browser_login_id FROM upstream_logins
                WHERE issuer = ?1 AND (?2 IS NULL OR subject = ?2)
                    AND (?3 IS NULL OR session_id = ?3 OR (session_id IS NULL AND ?2 IS NOT NULL)))
            RETURNING user_id
            """, issuer.string, subject, session
        ) { try $0.id(0) }
    }

    /// Ends the browser logins that a provider vouched for, and returns their number.
    func endAll(of provider: ProviderName) throws -> Int {
        try execute(
            """
            DELETE FROM browser_logins WHERE id IN (SELECT browser_login_id FROM upstream_logins WHERE provider = ?1)
            """, provider.string)
    }
}
