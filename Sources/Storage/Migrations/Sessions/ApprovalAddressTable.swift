/// The table of the network addresses from which sessions were approved.
enum ApprovalAddressTable {
    static let statements = [
        """
        CREATE TABLE approval_addresses (
            session_id TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
            user_id TEXT NOT NULL,
            address TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX approval_addresses_by_user ON approval_addresses (user_id)",
    ]
}
