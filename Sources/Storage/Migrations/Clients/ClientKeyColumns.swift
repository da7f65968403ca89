/// Columns for the keys of registered clients and MCP servers, for the authentication method that a session demands, and for the
/// audience of client assertions.
///
/// A client or an MCP server with keys has no secret. SQLite cannot change a CHECK or drop a NOT NULL, so the text of the table
/// changes and its rows stay in place, as in `SessionOrigins`.
enum ClientKeyColumns {
    static let statements =
        [
            "ALTER TABLE clients ADD COLUMN jwks BLOB", "ALTER TABLE clients ADD COLUMN jwks_uri TEXT",
            "ALTER TABLE resources ADD COLUMN jwks BLOB", "ALTER TABLE resources ADD COLUMN jwks_uri TEXT",
            "ALTER TABLE sessions ADD COLUMN auth_method TEXT",
            "ALTER TABLE client_rules ADD COLUMN audience TEXT CHECK (audience = 'token-endpoint')",
            "PRAGMA writable_schema = ON",
            replacing(
                "CHECK ((auth_method = 'none') = (secret_digest IS NULL))",
                by: "CHECK ((auth_method IN ('none', 'private_key_jwt')) = (secret_digest IS NULL)), "
                    + "CHECK ((auth_method = 'private_key_jwt') = ((jwks IS NULL) <> (jwks_uri IS NULL)))",
                in: "clients"),
            replacing(
                "secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32)",
                by:
                    "secret_digest BLOB CHECK (CASE WHEN secret_digest IS NULL THEN (jwks IS NULL) <> (jwks_uri IS NULL) "
                    + "ELSE length(secret_digest) = 32 AND jwks IS NULL AND jwks_uri IS NULL END)", in: "resources"),
            "PRAGMA writable_schema = RESET",
            // Any change of the schema raises its version.
            "CREATE TABLE schema_changes (id INTEGER) STRICT", "DROP TABLE schema_changes",
        ]

    private static func replacing(_ text: String, by new: String, in table: String) -> String {
        func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
        return """
            UPDATE sqlite_schema SET sql = replace(sql, \(quoted(text)), \(quoted(new)))
            WHERE type = 'table' AND name = '\(table)'
            """
    }
}
