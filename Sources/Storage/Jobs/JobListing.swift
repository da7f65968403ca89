package import OAuth

/// A job in a list for administrators, with its state by the clock and by its session, whether or not the rows are
/// updated.
package struct JobListing: Hashable, Sendable {
    /// Whether the job is open.
    package enum State: String, Hashable, Sendable {
        case open, ended
    }

    package let id: String
    /// The name of the user, and the identifier of the MCP server.
    package let user: String?
    package let resource: String?
    package let clientID: String
    package let session: String
    package let actions: [String]
    package let scope: String
    /// The purpose, written by the MCP server.
    package let purpose: String
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    /// When its end was stored.
    package let endedAt: Timestamp?
    /// Why it ended; nil for an open job.
    package let endReason: String?

    /// The state, which the end reason implies.
    package var state: State { endReason == nil ? .open : .ended }
}

/// Selects jobs; a property that is nil selects all.
package struct JobFilter: Hashable, Sendable {
    package var user: UserID?
    package var resource: ResourceID?
    package var session: SessionID?
    package var state: JobListing.State?

    /// A filter that selects every job.
    package init() {}
}

extension JobListing {
    fileprivate init(_ row: StoredRow) throws {
        id = try row.text(0)
        user = try row.textIfAny(1)
        resource = try row.textIfAny(2)
        clientID = try row.text(3)
        session = try row.text(4)
        actions = try row.text(5).split(separator: " ").map(String.init)
        scope = try row.text(6)
        purpose = try row.text(7)
        createdAt = try row.time(8)
        expiresAt = try row.time(9)
        endedAt = try row.timeIfAny(10)
        endReason = try row.textIfAny(11)
    }
}

extension Jobs {
    // ?1 is the present time.
    private static let jobListing = """
        SELECT j.id, u.name, r.identifier, j.client_id, j.session_id, j.actions, j.scope, j.purpose, j.created_at,
            j.expires_at, j.ended_at,
            coalesce(j.end_reason, CASE
                WHEN j.expires_at <= ?1 THEN 'expired'
                WHEN \(SessionLife.lives("s", at: "?1")) THEN NULL
                ELSE 'session_ended' END) AS ending
        FROM jobs j LEFT JOIN users u ON u.id = j.user_id LEFT JOIN resources r ON r.id = j.resource_id
            LEFT JOIN sessions s ON s.id = j.session_id
        """

    /// The listing of this job.
    package func listed(_ id: JobID, now: Timestamp) throws -> JobListing? {
        try first("\(Self.jobListing) WHERE j.id = ?2", now.seconds, id.string) { try JobListing($0) }
    }

    /// The jobs that match, newest first, behind the given one.
    package func list(
        _ filter: JobFilter, after id: JobID? = nil, now: Timestamp, limit: Int
    ) throws -> [JobListing] {
        try all(
            """
            \(Self.jobListing)
            WHERE (?2 IS NULL OR j.user_id = ?2) AND (?3 IS NULL OR j.resource_id = ?3)
                AND (?4 IS NULL OR j.session_id = ?4) AND (?5 IS NULL OR iif(ending IS NULL, 'open', 'ended') = ?5)
                AND (?6 IS NULL OR (j.created_at, j.id) < (SELECT created_at, id FROM jobs WHERE id = ?6))
            ORDER BY j.created_at DESC, j.id DESC LIMIT ?7
            """, now.seconds, filter.user?.string, filter.resource?.string, filter.session?.string,
            filter.state?.rawValue, id?.string, limit
        ) { try JobListing($0) }
    }
}
