/// Finds the sessions that have been over for longest. No refresh pays for it: a session enters this index once, when it
/// is over.
enum FinalSessions {
    static let statements = [
        "CREATE INDEX sessions_by_final_end ON sessions (ended_at) WHERE state IN ('ended', 'expired')"
    ]
}
