/// Tables of the clients that registered themselves, with the counts that bound them.
enum DynamicClientTables {
    static let statements = [
        clients, unusedByNetwork, unusedByAge, networks, networksByCount, enters, returns, leaves, isUsed,
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
            registered_at INTEGER NOT NULL,
            last_registered_at INTEGER NOT NULL,
            used_at INTEGER,
            CHECK (substr(id, 1, 4) = 'dyc_' OR (secret_digest IS NULL AND token_digest IS NULL))
        ) STRICT
        """

    private static let unusedByNetwork = """
        CREATE INDEX unused_dynamic_clients_by_network ON dynamic_clients (network, last_registered_at)
        WHERE used_at IS NULL
        """
    private static let unusedByAge = """
        CREATE INDEX unused_dynamic_clients_by_age ON dynamic_clients (last_registered_at) WHERE used_at IS NULL
        """

    // The number of unused clients of each network. Triggers keep it, so that no verb counts rows.
    private static let networks = """
        CREATE TABLE registration_networks (
            network TEXT NOT NULL PRIMARY KEY,
            unused INTEGER NOT NULL CHECK (unused > 0)
        ) STRICT, WITHOUT ROWID
        """
    private static let networksByCount = "CREATE INDEX registration_networks_by_count ON registration_networks (unused)"

    private static let enters = trigger("dynamic_clients_enter", "INSERT", when: "new.used_at IS NULL", adding("new"))
    private static let returns = trigger(
        "dynamic_clients_return", "UPDATE OF used_at", when: "old.used_at IS NOT NULL AND new.used_at IS NULL",
        adding("new"))
    private static let leaves = trigger(
        "dynamic_clients_leave", "DELETE", when: "old.used_at IS NULL", removing("old"))
    private static let isUsed = trigger(
        "dynamic_clients_use", "UPDATE OF used_at", when: "old.used_at IS NULL AND new.used_at IS NOT NULL",
        removing("old"))

    private static func trigger(_ name: String, _ event: String, when condition: String, _ body: String) -> String {
        "CREATE TRIGGER \(name) AFTER \(event) ON dynamic_clients WHEN \(condition) BEGIN \(body) END"
    }

    private static func adding(_ row: String) -> String {
        """
        INSERT INTO registration_networks (network, unused) VALUES (\(row).network, 1)
            ON CONFLICT (network) DO UPDATE SET unused = unused + 1;
        INSERT INTO meta (key, value) VALUES ('unused dynamic clients', 1)
            ON CONFLICT (key) DO UPDATE SET value = value + 1;
        """
    }

    private static func removing(_ row: String) -> String {
        """
        DELETE FROM registration_networks WHERE network = \(row).network AND unused = 1;
        UPDATE registration_networks SET unused = unused - 1 WHERE network = \(row).network;
        UPDATE meta SET value = value - 1 WHERE key = 'unused dynamic clients';
        """
    }
}
