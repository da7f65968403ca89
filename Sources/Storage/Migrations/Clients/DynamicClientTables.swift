/// Tables of the clients that registered themselves, with the counts that bound them.
enum DynamicClientTables {
    static let statements = [
        clients, unusedByNetwork, unusedBySite, unusedByAge, invitedByAge, counts, countsByNumber, enters, returns,
        leaves,
        isUsed,
    ]

    // One row a client. The id of a public client derives from its metadata, so nobody owns its row.
    private static let clients = """
        CREATE TABLE dynamic_clients (
            id TEXT NOT NULL PRIMARY KEY CHECK (substr(id, 1, 4) IN ('dyn_', 'dyc_')),
            metadata BLOB NOT NULL,
            secret_digest BLOB CHECK (length(secret_digest) = 32),
            token_digest BLOB CHECK (length(token_digest) = 32),
            is_invited INTEGER NOT NULL CHECK (is_invited IN (0, 1)),
            network TEXT NOT NULL,
            site TEXT NOT NULL,
            registered_at INTEGER NOT NULL,
            last_registered_at INTEGER NOT NULL,
            used_at INTEGER,
            CHECK (substr(id, 1, 4) = 'dyc_' OR (secret_digest IS NULL AND token_digest IS NULL))
        ) STRICT
        """

    private static let unusedByNetwork = unused("network", "network, last_registered_at")
    private static let unusedBySite = unused("site", "site, last_registered_at")
    private static let unusedByAge = unused("age", "last_registered_at")

    // An administrator bounded the number of these, so they are no part of the counts.
    private static let invitedByAge = """
        CREATE INDEX invited_dynamic_clients_by_age ON dynamic_clients (last_registered_at)
        WHERE used_at IS NULL AND is_invited = 1
        """

    private static func unused(_ name: String, _ columns: String) -> String {
        """
        CREATE INDEX unused_dynamic_clients_by_\(name) ON dynamic_clients (\(columns))
        WHERE used_at IS NULL AND is_invited = 0
        """
    }

    // The number of unapproved clients of each network, of each site and in all (''). Triggers keep it, so that no verb counts
    // rows.
    private static let counts = """
        CREATE TABLE registration_counts (
            kind TEXT NOT NULL CHECK (kind IN ('network', 'site', 'all')),
            name TEXT NOT NULL,
            unused INTEGER NOT NULL CHECK (unused > 0),
            PRIMARY KEY (kind, name)
        ) STRICT, WITHOUT ROWID
        """
    private static let countsByNumber =
        "CREATE INDEX registration_counts_by_number ON registration_counts (kind, unused)"

    private static let enters = trigger(
        "enter", "INSERT", when: "new.used_at IS NULL AND new.is_invited = 0", adding)
    private static let returns = trigger(
        "return", "UPDATE OF used_at",
        when: "old.used_at IS NOT NULL AND new.used_at IS NULL AND new.is_invited = 0", adding)
    private static let leaves = trigger(
        "leave", "DELETE", when: "old.used_at IS NULL AND old.is_invited = 0", removing)
    private static let isUsed = trigger(
        "use", "UPDATE OF used_at",
        when: "old.used_at IS NULL AND new.used_at IS NOT NULL AND old.is_invited = 0", removing)

    private static func trigger(_ name: String, _ event: String, when condition: String, _ body: String) -> String {
        "CREATE TRIGGER dynamic_clients_\(name) AFTER \(event) ON dynamic_clients WHEN \(condition) BEGIN \(body) END"
    }

    private static let adding = """
        INSERT INTO registration_counts (kind, name, unused)
            VALUES ('network', new.network, 1), ('site', new.site, 1), ('all', '', 1)
            ON CONFLICT (kind, name) DO UPDATE SET unused = unused + 1;
        """

    private static let removing = groups.map { kind, name in
        """
        DELETE FROM registration_counts WHERE kind = '\(kind)' AND name = \(name) AND unused = 1;
        UPDATE registration_counts SET unused = unused - 1 WHERE kind = '\(kind)' AND name = \(name);
        """
    }.joined(separator: "\n")

    private static let groups = [("network", "old.network"), ("site", "old.site"), ("all", "''")]
}
