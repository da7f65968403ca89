package import JOSE
package import OAuth

/// A user's login at Gatehouse in one browser, found by the digest of its cookie. It is not a `Session`, which a user
/// approves for a client.
package struct BrowserLogin: Hashable, Sendable {
    package let id: BrowserLoginID
    /// The digest of the sign-in cookie.
    package let digest: Digest
    package let userID: UserID
    /// The digest of the cookie that identifies the browser, signed in or not.
    package let binding: Digest
    /// The most recent authentication of the user.
    package let authentication: Authentication
    /// When the browser first signed in; a renewal does not move it.
    package let createdAt: Timestamp
    /// The last recorded use; further uses within a minute are not recorded.
    package let lastSeenAt: Timestamp
    /// The absolute end, which never moves.
    package let expiresAt: Timestamp

    /// The idle timeout in seconds.
    package static let idleSeconds: Int64 = 1_800

    /// The `auth_time` of tokens.
    package var authTime: Timestamp { authentication.time }

    /// A login in its stored form.
    package init(
        id: BrowserLoginID = .random(), digest: Digest, userID: UserID, binding: Digest,
        authentication: Authentication, createdAt: Timestamp, lastSeenAt: Timestamp, expiresAt: Timestamp
    ) {
        self.id = id
        self.digest = digest
        self.userID = userID
        self.binding = binding
        self.authentication = authentication
        self.createdAt = createdAt
        self.lastSeenAt = lastSeenAt
        self.expiresAt = expiresAt
    }

    /// The same login under another id.
    fileprivate func under(_ id: BrowserLoginID) -> BrowserLogin {
        BrowserLogin(
            id: id, digest: digest, userID: userID, binding: binding, authentication: authentication,
            createdAt: createdAt, lastSeenAt: lastSeenAt, expiresAt: expiresAt)
    }
}

/// Users' logins in browsers.
package struct BrowserLogins: Noun {
    let transaction: Transaction
}

extension BrowserLogins {
    /// Signs a user in, and invalidates the cookie of the browser's earlier login. If the earlier login was the same user's in
    /// the same browser, its id stays, and requests that wait in other windows go on, even after the idle timeout: a page may
    /// wait longer.
    package func enter(_ login: BrowserLogin, inPlaceOf earlier: Digest?) throws -> BrowserLogin {
        if let earlier, let id = try renew(earlier, as: login) { return login.under(id) }
        if let earlier { try end(digest: earlier) }
        try insert(login)
        return login
    }

    private func renew(_ earlier: Digest, as login: BrowserLogin) throws -> BrowserLoginID? {
        let id: BrowserLoginID? = try first(
            """
            UPDATE browser_logins SET digest = ?2, last_seen_at = ?3, expires_at = ?4, auth_time = ?5, acr = ?6, amr = ?7,
                vouched_by = ?8
            WHERE digest = ?1 AND user_id = ?9 AND binding = ?10 AND expires_at > ?11
            RETURNING id
            """,
            [
                earlier.stored, login.digest.stored, login.lastSeenAt.seconds, login.expiresAt.seconds,
            ] + login.authentication.stored + [login.userID.string, login.binding.stored, login.createdAt.seconds]
        ) { try $0.id(0) }
        if id != nil { try remember(login) }
        return id
    }

    /// Stores a login, and remembers the browser as known to the user.
    package func insert(_ login: BrowserLogin) throws {
        try execute(
            """
            INSERT INTO browser_logins
                (id, digest, user_id, binding, created_at, last_seen_at, expires_at, auth_time, acr, amr, vouched_by)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """,
            [
                login.id.string, login.digest.stored, login.userID.string, login.binding.stored,
                login.createdAt.seconds, login.lastSeenAt.seconds, login.expiresAt.seconds,
            ] + login.authentication.stored)
        try remember(login)
    }

    private func remember(_ login: BrowserLogin) throws {
        try execute(
            """
            INSERT INTO known_browsers (user_id, binding, last_seen_at) VALUES (?1, ?2, ?3)
            ON CONFLICT (user_id, binding) DO UPDATE SET last_seen_at = max(last_seen_at, excluded.last_seen_at)
            """, login.userID.string, login.binding.stored, login.lastSeenAt.seconds)
    }

    /// The live login of a cookie, with its user; nil if it expired or the account is disabled.
    package func find(digest: Digest, now: Timestamp) throws -> (login: BrowserLogin, user: User)? {
        try first(
            """
            SELECT b.id, b.digest, b.user_id, b.binding, b.created_at, b.last_seen_at, b.expires_at,
                b.auth_time, b.acr, b.amr, b.vouched_by, u.id, u.subject, u.name, u.email, u.disabled_at, u.created_at
            FROM browser_logins b JOIN users u ON u.id = b.user_id
            WHERE b.digest = ?1 AND b.expires_at > ?2 AND b.last_seen_at + ?3 > ?2 AND u.disabled_at IS NULL
            """, digest.stored, now.seconds, BrowserLogin.idleSeconds
        ) { row in
            let login = try BrowserLogin(
                id: row.id(0), digest: row.digest(1), userID: row.id(2), binding: row.digest(3),
                authentication: Authentication(row, from: 7), createdAt: row.time(4), lastSeenAt: row.time(5),
                expiresAt: row.time(6))
            return (login, try User(row, from: 11))
        }
    }

    /// Records the use of a login, at most once a minute.
    package func touch(browserLogin id: BrowserLoginID, now: Timestamp) throws {
        try execute(
            """
            UPDATE browser_logins SET last_seen_at = ?2
            WHERE id = ?1 AND last_seen_at + 60 <= ?2 AND last_seen_at + ?3 > ?2
            """, id.string, now.seconds, BrowserLogin.idleSeconds)
    }

    /// Gives a login a new cookie after a fresh authentication, and invalidates the earlier cookie, which an attacker may have
    /// planted. False if the login has ended.
    package func renew(
        browserLogin id: BrowserLoginID, digest: Digest, authentication: Authentication
    ) throws -> Bool {
        try execute(
            """
            UPDATE browser_logins SET digest = ?2, auth_time = ?3, acr = ?4, amr = ?5, vouched_by = ?6 WHERE id = ?1
            """, [id.string, digest.stored] + authentication.stored) == 1
    }

    /// Ends a login with the requests that wait in it; false if it does not exist.
    @discardableResult
    package func end(_ id: BrowserLoginID) throws -> Bool {
        try execute("DELETE FROM browser_logins WHERE id = ?1", id.string) > 0
    }

    /// Ends the login of a cookie, if there is one.
    func end(digest: Digest) throws {
        try execute("DELETE FROM browser_logins WHERE digest = ?1", digest.stored)
    }

    /// Ends every login of a user except `kept`; returns their number.
    @discardableResult
    package func endAll(of user: UserID, but kept: BrowserLoginID? = nil) throws -> Int {
        try execute(
            "DELETE FROM browser_logins WHERE user_id = ?1 AND id IS NOT ?2", user.string, kept?.string)
    }

    /// Forgets in which browsers a user has signed in.
    package func forgetBrowsers(of user: UserID) throws {
        try execute("DELETE FROM known_browsers WHERE user_id = ?1", user.string)
    }

    /// The number of a user's stored logins, live or expired.
    package func count(of user: UserID) throws -> Int {
        try first("SELECT count(*) FROM browser_logins WHERE user_id = ?1", user.string) { Int(try $0.integer(0)) }
            ?? 0
    }
}

extension Authentication {
    /// The values of the columns `auth_time`, `acr`, `amr` and `vouched_by`.
    fileprivate var stored: [Value] {
        [time.seconds, context.rawValue, methods.map(\.rawValue).joined(separator: " "), voucher?.string]
    }

    fileprivate init(_ row: StoredRow, from start: Int) throws {
        try self.init(
            time: row.time(start), context: AuthenticationContext(rawValue: row.text(start + 1)),
            methods: row.text(start + 2).split(separator: " ").compactMap {
                AuthenticationMethodReference(rawValue: String($0))
            },
            voucher: row.textIfAny(start + 3).map { try OpenIDIssuer($0) })
    }
}
