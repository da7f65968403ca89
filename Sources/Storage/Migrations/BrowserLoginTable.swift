/// Renames browser sessions to browser logins, because "session" only means what a user approves.
///
/// SQLite follows the renamed table in the foreign keys of `interactions` and `connection_attempts`; rows and ids stay.
enum BrowserLoginTable {
    static let statements = [
        "ALTER TABLE browser_sessions RENAME TO browser_logins",
        "DROP INDEX browser_sessions_by_user",
        "DROP INDEX browser_sessions_by_end",
        "CREATE INDEX browser_logins_by_user ON browser_logins (user_id)",
        "CREATE INDEX browser_logins_by_end ON browser_logins (expires_at)",
        "ALTER TABLE interactions RENAME COLUMN browser_session_id TO browser_login_id",
        "ALTER TABLE connection_attempts RENAME COLUMN browser_session_id TO browser_login_id",
    ]
}
