/// Keeps which request redeemed an authorization code, and whether the same request came once more.
enum CodeRedemptions {
    static let statements = [
        "ALTER TABLE codes ADD COLUMN redemption BLOB CHECK (length(redemption) = 32)",
        "ALTER TABLE codes ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0 CHECK (repeats IN (0, 1))",
    ]
}
