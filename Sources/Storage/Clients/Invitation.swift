package import JOSE
package import OAuth

/// An initial access token that an administrator gave out, by its digest.
///
/// Spec: RFC 7591 §1.2
package struct Invitation: Hashable, Sendable {
    package let id: InvitationID
    /// The digest of the token.
    package let digest: Digest
    /// How many registrations the token allows in all.
    package let uses: Int
    /// How many of them are left.
    package let usesLeft: Int
    /// The user id of the administrator who made it. The name that they claimed is in the audit trail, which can erase it.
    package let createdBy: UInt32
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    /// When a client last registered with it.
    package let lastUsedAt: Timestamp?

    /// A new invitation, none of whose uses is spent.
    package init(digest: Digest, uses: Int, createdBy: UInt32, createdAt: Timestamp, expiresAt: Timestamp) {
        self.init(
            id: .random(), digest: digest, uses: uses, usesLeft: uses, createdBy: createdBy, createdAt: createdAt,
            expiresAt: expiresAt, lastUsedAt: nil)
    }

    fileprivate init(
        id: InvitationID, digest: Digest, uses: Int, usesLeft: Int, createdBy: UInt32, createdAt: Timestamp,
        expiresAt: Timestamp, lastUsedAt: Timestamp?
    ) {
        self.id = id
        self.digest = digest
        self.uses = uses
        self.usesLeft = usesLeft
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }
}

/// The initial access tokens that administrators gave out.
package struct Invitations: Noun {
    let transaction: Transaction
}

extension Invitations {
    private static let columns =
        "id, digest, uses, uses_left, created_by, created_at, expires_at, last_used_at"

    /// Stores a new invitation.
    package func insert(_ invitation: Invitation) throws {
        try execute(
            """
            INSERT INTO invitations (\(Self.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """, invitation.id.string, invitation.digest.stored, invitation.uses, invitation.usesLeft,
            Int64(invitation.createdBy), invitation.createdAt.seconds, invitation.expiresAt.seconds,
            invitation.lastUsedAt?.seconds)
    }

    /// Spends one use of the token with this digest; false for a token that is unknown, revoked, expired or used up.
    package func spend(_ digest: Digest, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE invitations SET uses_left = uses_left - 1, last_used_at = ?2
            WHERE digest = ?1 AND uses_left > 0 AND expires_at > ?2
            """, digest.stored, now.seconds) == 1
    }

    /// The invitation of this id.
    package func find(_ id: InvitationID) throws -> Invitation? {
        try first("SELECT \(Self.columns) FROM invitations WHERE id = ?1", id.string) { try invitation($0) }
    }

    /// At most `limit` invitations by id, behind the given one; those that are used up remain until they expire.
    package func list(after id: InvitationID? = nil, limit: Int) throws -> [Invitation] {
        try all(
            "SELECT \(Self.columns) FROM invitations WHERE id > ?1 ORDER BY id LIMIT ?2", id?.string ?? "", limit
        ) { try invitation($0) }
    }

    /// Removes an invitation; false if there is none of this id.
    package func remove(_ id: InvitationID) throws -> Bool {
        try execute("DELETE FROM invitations WHERE id = ?1", id.string) == 1
    }

    /// Deletes at most `limit` expired invitations; returns their number.
    func tidy(now: Timestamp, limit: Int) throws -> Int {
        try execute(
            """
            DELETE FROM invitations WHERE id IN (
                SELECT id FROM invitations WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
            """, now.seconds, limit)
    }

    private func invitation(_ row: StoredRow) throws -> Invitation {
        try Invitation(
            id: row.id(0), digest: row.digest(1), uses: Int(row.integer(2)), usesLeft: Int(row.integer(3)),
            createdBy: row.parsed(UInt32(exactly: row.integer(4))), createdAt: row.time(5), expiresAt: row.time(6),
            lastUsedAt: row.timeIfAny(7))
    }
}
