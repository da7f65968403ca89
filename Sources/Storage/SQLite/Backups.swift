package import OAuth

/// The time of the last backup, for `doctor` and for metrics.
package struct Backups: Noun {
    let transaction: Transaction
}

extension Backups {
    /// The time of the last backup that its receiver stored; nil if there was none.
    package func last() throws -> Timestamp? {
        try first("SELECT value FROM meta WHERE key = 'last backup'") { try $0.time(0) }
    }

    /// The time at which the last copy was made, whether or not its receiver stored it. In a backup that is its own time.
    package func lastCopied() throws -> Timestamp? {
        var filter = AuditFilter()
        filter.action = AuditAction.databaseCopied.rawValue
        return try transaction.audit.tail(.main, filter, limit: 1).first?.entry.at
    }

    /// Stores that the receiver of the copy of this time has it on its disk.
    package func record(storedCopyOf time: Timestamp) throws {
        try execute(
            """
            INSERT INTO meta (key, value) VALUES ('last backup', ?1)
            ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)
            """, time.seconds)
    }
}
