import GRDB

/// Brings a database to this version's schema, or refuses one that it does not know.
enum Schema {
    /// "Gate" in ASCII: marks the file as Gatehouse's in its header.
    static let applicationID: Int32 = 0x4761_7465

    static func bringUpToDate(_ pool: DatabasePool, path: String, isNew: Bool) throws {
        let migrator = migrator()
        try pool.writeWithoutTransaction { db in
            let marked = try Int32.fetchOne(db, sql: "PRAGMA application_id") == applicationID
            let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema")
            guard marked || tables == 0 else { throw StoreError.foreign(path: path) }
            guard try !migrator.hasBeenSuperseded(db) else { throw StoreError.newerSchema(path: path) }
        }
        try migrator.migrate(pool)
    }

    /// Append only: a migration that was ever released is never edited.
    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001 ground") { db in
            for statement in Ground.statements { try db.execute(sql: statement) }
        }
        migrator.registerMigration("0002 elicitations") { db in
            for statement in Elicitations.statements { try db.execute(sql: statement) }
        }
        migrator.registerMigration("0003 final sessions") { db in
            for statement in FinalSessions.statements { try db.execute(sql: statement) }
        }
        migrator.registerMigration("0004 connections") { db in
            for statement in Connections.statements { try db.execute(sql: statement) }
        }
        migrator.registerMigration("0005 endings") { db in
            for statement in Endings.statements { try db.execute(sql: statement) }
        }
        migrator.registerMigration("0006 audit") { db in
            for statement in LastingAudit.statements { try db.execute(sql: statement) }
        }
        migrator.registerMigration("0007 account") { db in
            for statement in AccountIndexes.statements { try db.execute(sql: statement) }
        }
        migrator.registerMigration("0009 jobs") { db in
            for statement in Jobs.statements { try db.execute(sql: statement) }
        }
        migrator.registerMigration("0010 session policies") { db in
            for statement in SessionPolicies.statements { try db.execute(sql: statement) }
        }
        migrator.registerMigration("0011 scopes") { db in
            for statement in ScopeReach.statements { try db.execute(sql: statement) }
        }
        migrator.registerMigration("0012 lists") { db in
            for statement in SessionLists.statements { try db.execute(sql: statement) }
        }
        return migrator
    }
}
