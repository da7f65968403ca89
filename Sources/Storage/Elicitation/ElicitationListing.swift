package import OAuth

/// An elicitation in a list for administrators. Its columns are not parsed, so that a row that a later rule refuses is
/// listed too.
package struct ElicitationListing: Hashable, Sendable {
    package let id: String
    package let kind: String
    /// The name of the user, and the identifier of the MCP server.
    package let user: String?
    package let resource: String?
    package let clientID: String
    package let session: String
    /// The status at the time of the query, whether or not the row is updated.
    package let status: String
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    /// The sentence above the question, written by the MCP server.
    package let message: String
    package let version: Int64
    /// Why it was cancelled or failed, as a short code.
    package let reason: String?
    /// The MCP server that reported the outcome; nil if Gatehouse witnessed it.
    package let reportedBy: String?
    package let finishedAt: Timestamp?
    package let collectedAt: Timestamp?
}

extension ElicitationListing {
    fileprivate init(_ row: StoredRow) throws {
        id = try row.text(0)
        kind = try row.text(1)
        user = try row.textIfAny(2)
        resource = try row.textIfAny(3)
        clientID = try row.text(4)
        session = try row.text(5)
        status = try row.text(6)
        createdAt = try row.time(7)
        expiresAt = try row.time(8)
        message = try row.text(9)
        version = try row.integer(10)
        reason = try row.textIfAny(11)
        reportedBy = try row.textIfAny(12)
        finishedAt = try row.timeIfAny(13)
        collectedAt = try row.timeIfAny(14)
    }
}

extension Elicitations {
    /// The most declined elicitations that are read of one user, client and MCP server.
    private static let mostDeclined = 100

    /// The elicitations of a user, client and MCP server that the user declined after a moment, newest first. Unreadable ones are
    /// skipped.
    package func declined(
        by user: UserID, client: ClientID, resource: ResourceID, after moment: Timestamp
    ) throws -> [Elicitation] {
        try all(
            Self.declinedLately, user.string, resource.string, client.string, moment.seconds,
            (moment - Self.longestLife).seconds, Self.mostDeclined
        ) { try? Elicitation($0) }.compactMap { $0 }
    }

    /// No elicitation stays open for longer, in seconds, so none that ended after a moment is much older.
    private static let longestLife: Int64 = 3_600

    static let declinedLately = """
        SELECT \(Elicitation.columns) FROM elicitations
        WHERE user_id = ?1 AND resource_id = ?2 AND client_id = ?3 AND status = 'declined' AND finished_at > ?4
            AND created_at > ?5
        ORDER BY created_at DESC LIMIT ?6
        """

    // ?1 is the present time.
    private static let listing = """
        SELECT e.id, e.kind, u.name, r.identifier, e.client_id, e.session_id,
            iif(e.status IN ('pending', 'opened') AND e.expires_at <= ?1, 'expired', e.status) AS standing,
            e.created_at, e.expires_at, e.message, e.version, e.reason, e.reported_by, e.finished_at, e.collected_at
        FROM elicitations e LEFT JOIN users u ON u.id = e.user_id LEFT JOIN resources r ON r.id = e.resource_id
        """

    /// The listing of this handle.
    package func listed(_ id: ElicitationID, now: Timestamp) throws -> ElicitationListing? {
        try first("\(Self.listing) WHERE e.id = ?2", now.seconds, id.string) { try ElicitationListing($0) }
    }

    /// Elicitations, newest first, of one user, MCP server and status if these are given, behind the given one.
    package func list(
        user: UserID? = nil, resource: ResourceID? = nil, status: ElicitationStatus? = nil,
        after id: ElicitationID? = nil, now: Timestamp, limit: Int
    ) throws -> [ElicitationListing] {
        try all(
            """
            \(Self.listing)
            WHERE (?2 IS NULL OR e.user_id = ?2) AND (?3 IS NULL OR e.resource_id = ?3)
                AND (?4 IS NULL OR standing = ?4)
                AND (?5 IS NULL OR (e.created_at, e.id) < (SELECT created_at, id FROM elicitations WHERE id = ?5))
            ORDER BY e.created_at DESC, e.id DESC LIMIT ?6
            """, now.seconds, user?.string, resource?.string, status?.rawValue, id?.string, limit
        ) { try ElicitationListing($0) }
    }
}
