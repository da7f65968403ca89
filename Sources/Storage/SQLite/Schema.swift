import GRDB

/// Migrates a database to the schema of this version, or refuses a database that it does not know.
enum Schema {
    /// "Gate" in ASCII: the header of the file names Gatehouse.
    static let applicationID: Int32 = 0x4761_7465

    /// Runs the missing migrations, each in a transaction of its own, before the first read or write.
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

    /// Append only: a released migration never changes. There is no 0008.
    private static let migrations = [
        ("0001 ground", InitialSchema.statements), ("0002 elicitations", ElicitationTables.statements),
        ("0003 final sessions", FinalSessions.statements), ("0004 connections", ConnectionTables.statements),
        ("0005 endings", Endings.statements), ("0006 audit", LastingAudit.statements),
        ("0007 account", AccountIndexes.statements), ("0009 jobs", JobTables.statements),
        ("0010 session policies", SessionPolicies.statements), ("0011 scopes", ScopeReach.statements),
        ("0012 lists", SessionLists.statements), ("0013 code redemptions", CodeRedemptions.statements),
        ("0014 provider limits", ProviderLimits.statements),
        ("0015 held sign-ins", HeldSignIns.statements),
        ("0016 audit tallies", AuditTallyRows.statements),
        ("0017 browser logins", BrowserLoginTable.statements), ("0018 ended keys", EndedKeys.statements),
        ("0019 session origins", SessionOrigins.statements),
        ("0020 elicitation kinds", ElicitationKindList.statements), ("0021 login proofs", LoginProofs.statements),
        ("0022 credentials", CredentialTable.statements),
        ("0023 registration permissions", RegistrationPermissions.statements),
        ("0024 service sessions", ServiceSessionTables.statements),
        ("0025 dynamic clients", DynamicClientTables.statements),
        ("0026 pushed requests", PushedRequestTable.statements), ("0027 spent tokens", SpentTokens.statements),
        ("0028 client keys", ClientKeyColumns.statements), ("0029 access rules", AccessTables.statements),
        ("0030 key binding", KeyBinding.statements),
        ("0031 identity providers", IdentityProviderTables.statements),
        ("0032 devices", DeviceTables.statements),
        ("0033 account links", AccountLinkTable.statements),
        ("0034 spent token shares", SpentTokenShares.statements),
        ("0035 provider statements", ProviderClaimTables.statements),
        ("0036 elicitation requests", ElicitationRequests.statements),
        ("0037 event indexes", EventIndexes.statements),
        ("0038 replaced secrets", ReplacedSecretTable.statements),
        ("0039 provider invitations", ProviderInvitations.statements),
        ("0040 sign-in demands", SignInDemandTable.statements),
        ("0041 sign-in choices", SignInChoices.statements),
        ("0042 upstream sessions", UpstreamSessionTable.statements),
        ("0043 withdrawn scopes", WithdrawnScopeTable.statements),
        ("0044 replaced client secrets", ReplacedClientSecretTable.statements),
        ("0045 deleted users", DeletedUsers.statements),
        ("0046 identity provider options", IdentityProviderOptionColumn.statements),
        ("0047 audit changes", AuditChangeField.statements),
        ("0048 approval addresses", ApprovalAddressTable.statements),
    ]

    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (name, statements) in migrations {
            migrator.registerMigration(name) { db in
                for statement in statements { try db.execute(sql: statement) }
            }
        }
        return migrator
    }
}
