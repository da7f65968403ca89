/// Lets a session begin without a user, a redirect URI or a browser.
///
/// SQLite has no statement that drops a NOT NULL. Its manual describes this way for constraints, which rewrites no row: edit
/// the text of the table, and raise the version of the schema, so that every connection reads it again.
enum SessionOrigins {
    static let statements =
        ["PRAGMA writable_schema = ON"] + mandatory.map(dropping) + [
            "PRAGMA writable_schema = RESET",
            // Any change of the schema raises its version.
            "CREATE TABLE schema_changes (id INTEGER) STRICT", "DROP TABLE schema_changes",
        ]

    private static let mandatory = [
        "user_id TEXT NOT NULL REFERENCES users (id)", "redirect_uri TEXT NOT NULL",
        "binding BLOB NOT NULL CHECK (length(binding) = 32)",
    ]

    private static func dropping(_ column: String) -> String {
        """
        UPDATE sqlite_schema
        SET sql = replace(sql, '\(column)', '\(column.replacing(" NOT NULL", with: ""))')
        WHERE type = 'table' AND name = 'sessions'
        """
    }
}
