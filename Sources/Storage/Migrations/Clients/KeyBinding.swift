/// Columns for proofs of possession: which proof a code and the refresh tokens of a session demand, and which clients get no other
/// tokens than bound ones.
enum KeyBinding {
    private static let proofColumn = "ADD COLUMN proof TEXT CHECK (proof = 'any' OR length(proof) = 43)"

    static let statements = [
        "ALTER TABLE sessions \(proofColumn)", "ALTER TABLE codes \(proofColumn)",
        "ALTER TABLE clients ADD COLUMN requires_bound_tokens INTEGER NOT NULL DEFAULT 0 "
            + "CHECK (requires_bound_tokens IN (0, 1))",
    ]
}
