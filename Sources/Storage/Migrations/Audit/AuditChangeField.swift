/// Admits the field `changes` beside the audit chain: what an act changed, from what to what.
///
/// SQLite cannot alter a CHECK, so the table is rebuilt. `PersonalField` knows the names, so the new table has no list of them.
enum AuditChangeField {
    static let statements = [
        """
        CREATE TABLE audit_personal_anew (
            chain TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            field TEXT NOT NULL CHECK (field <> ''),
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            salt BLOB CHECK (length(salt) = 16),
            value TEXT,
            erased_by INTEGER,
            PRIMARY KEY (chain, sequence, field),
            CHECK ((erased_by IS NULL) = (salt IS NOT NULL) AND (erased_by IS NULL) = (value IS NOT NULL))
        ) STRICT, WITHOUT ROWID
        """,
        "INSERT INTO audit_personal_anew SELECT * FROM audit_personal", "DROP TABLE audit_personal",
        "ALTER TABLE audit_personal_anew RENAME TO audit_personal",
    ]
}
