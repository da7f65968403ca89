/// Finds what belongs to one person, the newest first, however much others have and however much of it is over.
enum AccountIndexes {
    static let statements = [liveSessions, elicitations, openElicitations]

    // Entered at the approval and left at the end: no refresh pays for it.
    private static let liveSessions = """
        CREATE INDEX live_sessions_by_user ON sessions (user_id, created_at, id) WHERE state IN ('approved', 'active')
        """
    private static let elicitations = "CREATE INDEX elicitations_by_user ON elicitations (user_id, created_at, id)"
    private static let openElicitations = """
        CREATE INDEX open_elicitations_by_user ON elicitations (user_id, expires_at, id)
        WHERE status IN ('pending', 'opened')
        """
}
