package import OAuth

/// The live sessions of one user for an access review.
package struct UserReport: Hashable, Sendable {
    package let user: User
    /// The names of the user's groups, by name.
    package let groups: [String]
    package let live: Int64
    package let resources: Int64
    package let clients: Int64
    /// The number of live sessions without use since the given time.
    package let idle: Int64
    /// When the oldest live session was approved.
    package let oldest: Timestamp
    /// The latest absolute end of a live session.
    package let lastEnd: Timestamp
}

extension SessionReports {
    /// A report for each user with a live session, by name.
    package func userReports(idleSince: Timestamp, now: Timestamp, limit: Int) throws -> [UserReport] {
        try all(Self.userReport, now.seconds, idleSince.seconds, limit) { row in
            let user = try User(row)
            return try UserReport(
                user: user, groups: transaction.groups.memberships(of: user.id).map(\.group.name).uniqued,
                live: row.integer(6), resources: row.integer(7), clients: row.integer(8), idle: row.integer(9),
                oldest: row.time(10), lastEnd: row.time(11))
        }
    }

    static let userReport = """
        SELECT u.id, u.subject, u.name, u.email, u.disabled_at, u.created_at, s.live, s.resources, s.clients, s.idle,
            s.oldest, s.last_end
        FROM (
            SELECT user_id, count(*) AS live, count(DISTINCT resource_id) AS resources,
                count(DISTINCT client_id) AS clients, sum(last_used_at <= ?2) AS idle, min(created_at) AS oldest,
                max(expires_at) AS last_end
            FROM sessions INDEXED BY live_sessions_by_user
            WHERE user_id IS NOT NULL AND \(SessionLife.lives(at: "?1")) GROUP BY user_id) s
        JOIN users u ON u.id = s.user_id
        ORDER BY u.name_key LIMIT ?3
        """
}

extension [String] {
    /// The list without repeated entries, which stand side by side.
    fileprivate var uniqued: [String] {
        reduce(into: []) { names, name in
            if names.last != name { names.append(name) }
        }
    }
}
