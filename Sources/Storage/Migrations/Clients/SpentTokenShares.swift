/// The shares of the memory of one-time tokens, each with the number of its tokens.
///
/// Triggers keep the numbers, so that a full share is noticed without counting its rows. Tokens of earlier versions are in a share
/// of their own until they expire.
enum SpentTokenShares {
    private static let earlier = "x'\(String(repeating: "00", count: 32))'"

    static let statements = [
        "ALTER TABLE spent_tokens ADD COLUMN share BLOB NOT NULL DEFAULT \(earlier) CHECK (length(share) = 32)",
        """
        CREATE TABLE spent_token_shares (
            share BLOB NOT NULL PRIMARY KEY CHECK (length(share) = 32),
            count INTEGER NOT NULL CHECK (count >= 0)
        ) STRICT, WITHOUT ROWID
        """,
        "INSERT INTO spent_token_shares (share, count) SELECT \(earlier), count FROM spent_token_count WHERE count > 0",
        "DROP TRIGGER spent_token_is_counted", "DROP TRIGGER spent_token_is_forgotten", "DROP TABLE spent_token_count",
        """
        CREATE TRIGGER spent_token_is_counted AFTER INSERT ON spent_tokens
        BEGIN
            INSERT INTO spent_token_shares (share, count) SELECT NEW.share, 0
            WHERE NOT EXISTS (SELECT 1 FROM spent_token_shares WHERE share = NEW.share);
            UPDATE spent_token_shares SET count = count + 1 WHERE share = NEW.share;
        END
        """,
        """
        CREATE TRIGGER spent_token_is_forgotten AFTER DELETE ON spent_tokens
        BEGIN
            UPDATE spent_token_shares SET count = count - 1 WHERE share = OLD.share;
            DELETE FROM spent_token_shares WHERE share = OLD.share AND count = 0;
        END
        """,
    ]
}
