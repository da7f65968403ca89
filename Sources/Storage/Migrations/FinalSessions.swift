/// An index of ended sessions, longest ended first. A refresh does not touch it: a session enters it at its end.
enum FinalSessions {
    static let statements = [
        "CREATE INDEX sessions_by_final_end ON sessions (ended_at) WHERE state IN ('ended', 'expired')"
    ]
}
