/// The memory of one-time tokens, and how many it holds.
///
/// Triggers keep the count, so that a full memory is noticed without counting a million rows.
enum SpentTokens {
    static let statements = [
        """
        CREATE TABLE spent_tokens (
            digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX spent_tokens_by_end ON spent_tokens (expires_at)",
        "CREATE TABLE spent_token_count (id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT",
        "INSERT INTO spent_token_count (id, count) VALUES (1, 0)",
        """
        CREATE TRIGGER spent_token_is_counted AFTER INSERT ON spent_tokens
        BEGIN UPDATE spent_token_count SET count = count + 1; END
        """,
        """
        CREATE TRIGGER spent_token_is_forgotten AFTER DELETE ON spent_tokens
        BEGIN UPDATE spent_token_count SET count = count - 1; END
        """,
    ]
}
