/// Indexes for the rows of one user, newest first, whatever the number of other and of ended rows.
enum AccountIndexes {
    static let statements = [liveSessions, elicitations, openElicitations]

    // A session enters this index at its approval and leaves it at its end: a refresh does not touch it.
    private static let liveSessions = """
        CREATE INDEX live_sessions_by_user ON sessions (user_id, created_at, id) WHERE state IN ('approved', 'active')
        """
    private static let elicitations = "CREATE INDEX elicitations_by_user ON elicitations (user_id, created_at, id)"
    private static let openElicitations = """
        CREATE INDEX open_elicitations_by_user ON elicitations (user_id, expires_at, id)
        WHERE status IN ('pending', 'opened')
        """
}
