/// Columns for the request that redeemed an authorization code, and for its repetition.
enum CodeRedemptions {
    static let statements = [
        "ALTER TABLE codes ADD COLUMN redemption BLOB CHECK (length(redemption) = 32)",
        "ALTER TABLE codes ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0 CHECK (repeats IN (0, 1))",
    ]
}
