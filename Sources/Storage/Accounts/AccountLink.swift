package import JOSE
package import OAuth

/// A one-time link with which a user takes an account, by the digest of its secret: the user sets a password, or signs in at the
/// identity provider that the link names.
package struct AccountLink: Hashable, Sendable {
    /// Why an administrator made a link.
    package enum Purpose: String, Hashable, Sendable {
        /// The account is new, and nobody can sign in to it yet.
        case invitation
        /// The account had a password, which the reset removed.
        case reset
    }

    /// The accounts at an identity provider of which one has to take a link, instead of a password.
    package struct Taker: Hashable, Sendable {
        /// The identity provider at which the user has to sign in.
        package let provider: ProviderName
        /// The address that the provider must have verified; nil for any account there.
        package let email: String?

        /// The accounts of a provider, or the one with a verified address.
        package init(provider: ProviderName, email: String?) {
            self.provider = provider
            self.email = email
        }
    }

    /// The digest of the secret.
    package let digest: Digest
    package let userID: UserID
    package let purpose: Purpose
    /// Who has to take the link at an identity provider; nil for a link that sets a password.
    package let taker: Taker?
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    /// When the link was used; nil if it was not.
    package let usedAt: Timestamp?
    /// When a later link, a password of an administrator, the disabling of the account or the removal of the link's identity provider
    /// made the link invalid; nil if nothing did.
    package let voidedAt: Timestamp?

    /// The lifetime of a link, in seconds.
    package static let lifetime: Int64 = 86_400

    /// A new link, which expires in 24 hours.
    package init(digest: Digest, userID: UserID, purpose: Purpose, taker: Taker? = nil, createdAt: Timestamp) {
        self.init(
            digest: digest, userID: userID, purpose: purpose, taker: taker, createdAt: createdAt,
            expiresAt: createdAt + Self.lifetime,
            usedAt: nil, voidedAt: nil)
    }

    fileprivate init(
        digest: Digest, userID: UserID, purpose: Purpose, taker: Taker?, createdAt: Timestamp, expiresAt: Timestamp,
        usedAt: Timestamp?, voidedAt: Timestamp?
    ) {
        self.digest = digest
        self.userID = userID
        self.purpose = purpose
        self.taker = taker
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.usedAt = usedAt
        self.voidedAt = voidedAt
    }
}

/// One-time links with which users take their accounts.
package struct AccountLinks: Noun {
    let transaction: Transaction
}

extension AccountLinks {
    private static let columns = "digest, user_id, purpose, created_at, expires_at, used_at, voided_at, provider, email"

    /// The seconds for which the page of a used or voided link explains what happened to it.
    static let explained: Int64 = 30 * 86_400

    /// Stores a link and voids the earlier open link of the account, so that a link that went astray dies with its successor.
    package func issue(_ link: AccountLink) throws {
        try void(of: link.userID, now: link.createdAt)
        try execute(
            """
            INSERT INTO account_links (digest, user_id, purpose, created_at, expires_at, provider, email)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """, link.digest.stored, link.userID.string, link.purpose.rawValue, link.createdAt.seconds,
            link.expiresAt.seconds, link.taker?.provider.string, link.taker?.email)
    }

    /// Voids the open link of an account, if there is one.
    package func void(of user: UserID, now: Timestamp) throws {
        try execute(
            "UPDATE account_links SET voided_at = ?2 WHERE user_id = ?1 AND used_at IS NULL AND voided_at IS NULL",
            user.string, now.seconds)
    }

    /// Voids every open link, because a restored database does not know which of them were used since.
    package func voidAll(now: Timestamp) throws {
        try execute(
            "UPDATE account_links SET voided_at = ?1 WHERE used_at IS NULL AND voided_at IS NULL", now.seconds)
    }

    /// Voids every open link that has to be taken at a provider. A provider that is added later under the same name is another one.
    func voidAll(at provider: ProviderName, now: Timestamp) throws {
        try execute(
            "UPDATE account_links SET voided_at = ?2 WHERE provider = ?1 AND used_at IS NULL AND voided_at IS NULL",
            provider.string, now.seconds)
    }

    /// The link of this digest with its account, in any state; nil for an unknown digest.
    package func find(_ digest: Digest) throws -> (link: AccountLink, user: User)? {
        guard
            let link = try first(
                "SELECT \(Self.columns) FROM account_links WHERE digest = ?1", digest.stored, as: Self.link),
            let user = try transaction.users.find(id: link.userID)
        else { return nil }
        return (link, user)
    }

    /// The link of an account that is neither used nor voided; it may have expired.
    package func unused(of user: UserID) throws -> AccountLink? {
        try first(
            """
            SELECT \(Self.columns) FROM account_links WHERE user_id = ?1 AND used_at IS NULL AND voided_at IS NULL
            """, user.string, as: Self.link)
    }

    /// Spends a link. One statement, so that of two parallel requests one succeeds. False for a link that is unknown, used, voided
    /// or expired, and for one of a disabled account.
    package func spend(_ digest: Digest, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE account_links SET used_at = ?2
            WHERE digest = ?1 AND used_at IS NULL AND voided_at IS NULL AND expires_at > ?2
                AND EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND disabled_at IS NULL)
            """, digest.stored, now.seconds) == 1
    }

    /// Deletes at most `limit` links that ended long ago; returns their number. An open link stays: an account has at most one,
    /// which shows that the account waits for its user.
    func tidy(now: Timestamp, limit: Int) throws -> Int {
        try execute(
            """
            DELETE FROM account_links WHERE digest IN (
                SELECT digest FROM account_links
                WHERE expires_at <= ?1 AND (used_at IS NOT NULL OR voided_at IS NOT NULL) ORDER BY expires_at LIMIT ?2)
            """, (now - Self.explained).seconds, limit)
    }

    private static func link(_ row: StoredRow) throws -> AccountLink {
        let email = try row.textIfAny(8)
        return try AccountLink(
            digest: row.digest(0), userID: row.id(1), purpose: row.parsed(AccountLink.Purpose(rawValue: row.text(2))),
            taker: row.textIfAny(7).map { AccountLink.Taker(provider: try ProviderName($0), email: email) },
            createdAt: row.time(3), expiresAt: row.time(4), usedAt: row.timeIfAny(5), voidedAt: row.timeIfAny(6))
    }
}
