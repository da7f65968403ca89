package import OAuth

/// An administrator's rule about one client or one host, which overrides the lists of the configuration.
package struct ClientRule: Hashable, Sendable {
    /// The client or the host of a rule.
    package enum Target: Hashable, Sendable {
        /// The client of exactly this id.
        case client(ClientID)
        /// Every client with a document on this host, in lower case; `*.example.com` covers all hosts below, `*` every host.
        case host(String)
    }

    /// Whether the rule admits or blocks.
    package enum Rule: String, Hashable, Sendable {
        case allow, block
    }

    package let target: Target
    package let rule: Rule
    /// Whether the client may name the token endpoint as audience of its assertions, instead of the issuer.
    package let acceptsTokenEndpoint: Bool
    /// Whether the client may use the device grant.
    package let allowsDevice: Bool
    package let createdAt: Timestamp

    /// A rule in its stored form.
    package init(
        _ target: Target, _ rule: Rule, acceptsTokenEndpoint: Bool = false, allowsDevice: Bool = false,
        createdAt: Timestamp
    ) {
        self.target = target
        self.rule = rule
        self.acceptsTokenEndpoint = acceptsTokenEndpoint
        self.allowsDevice = allowsDevice
        self.createdAt = createdAt
    }
}

extension ClientRule.Target {
    var kind: String {
        switch self {
        case .client: "client"
        case .host: "host"
        }
    }

    /// The client id, the host or the pattern of hosts.
    package var name: String {
        switch self {
        case .client(let id): id.string
        case .host(let host): host
        }
    }

    /// Whether the name of a rule covers a host: `*`, `*.example.com` (which does not cover `example.com`), or the host.
    package static func covers(_ name: String, _ host: String) -> Bool {
        if name == "*" { return true }
        return name.hasPrefix("*.") ? host.hasSuffix(name.dropFirst()) : host == name
    }
}

extension ClientRule {
    /// The SQL condition that a row of `client_rules` is a pattern that covers a host. The range of names uses the index:
    /// patterns begin with `*`.
    static func isPattern(covering host: String) -> String {
        """
        kind = 'host' AND name >= '*' AND name < '+'
            AND (name = '*' AND \(host) IS NOT NULL OR substr(\(host), 1 - length(name)) = substr(name, 2))
        """
    }
}

/// Administrators' rules about clients and hosts.
package struct ClientRules: Noun {
    /// The audience in its column.
    private static let tokenEndpoint = "token-endpoint"

    let transaction: Transaction
}

extension ClientRules {
    /// Sets a rule in place of an earlier one for the same target.
    package func set(_ rule: ClientRule) throws {
        writerMemory?.clientChanges.mark()
        try execute(
            """
            INSERT INTO client_rules (\(ClientRule.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (kind, name) DO UPDATE
            SET rule = excluded.rule, created_at = excluded.created_at, audience = excluded.audience,
                device = excluded.device
            """, rule.target.kind, rule.target.name, rule.rule.rawValue, rule.createdAt.seconds,
            rule.acceptsTokenEndpoint ? Self.tokenEndpoint : nil, rule.allowsDevice ? 1 : 0)
    }

    /// Removes a rule; false if there is none.
    package func remove(about target: ClientRule.Target) throws -> Bool {
        writerMemory?.clientChanges.mark()
        return try execute("DELETE FROM client_rules WHERE kind = ?1 AND name = ?2", target.kind, target.name) == 1
    }

    /// At most `limit` rules about hosts and about clients that are neither registered nor known by a document: clients first,
    /// by name, behind the given target.
    package func others(after target: ClientRule.Target? = nil, limit: Int) throws -> [ClientRule] {
        try all(
            """
            SELECT \(ClientRule.columns) FROM client_rules
            WHERE (kind, name) > (?1, ?2)
                AND (kind = 'host' OR NOT EXISTS (SELECT 1 FROM clients WHERE id = client_rules.name)
                    AND NOT EXISTS (SELECT 1 FROM documents WHERE client_id = client_rules.name)
                    AND NOT EXISTS (SELECT 1 FROM dynamic_clients WHERE id = client_rules.name))
            ORDER BY kind, name LIMIT ?3
            """, target?.kind ?? "", target?.name ?? "", limit
        ) { try ClientRule($0) }
    }

    /// The rule for exactly this client or host.
    package func find(about target: ClientRule.Target) throws -> ClientRule? {
        try first(
            "SELECT \(ClientRule.columns) FROM client_rules WHERE kind = ?1 AND name = ?2",
            target.kind, target.name
        ) { try ClientRule($0) }
    }

    /// The rules for a client or a host of exactly this name, clients first.
    package func list(named name: String) throws -> [ClientRule] {
        let client = try (try? ClientID(name)).flatMap { try find(about: .client($0)) }
        return try [client, find(about: .host(name.lowercased()))].compactMap(\.self)
    }

    /// At most `limit` rules, clients first, by name, behind the given target.
    package func list(after target: ClientRule.Target? = nil, limit: Int) throws -> [ClientRule] {
        try all(
            """
            SELECT \(ClientRule.columns) FROM client_rules WHERE (kind, name) > (?1, ?2)
            ORDER BY kind, name LIMIT ?3
            """, target?.kind ?? "", target?.name ?? "", limit
        ) { try ClientRule($0) }
    }

    /// The decision for this host, by its own rule or by a pattern; a block wins.
    package func host(_ host: String) throws -> ClientRule.Rule? {
        try first(
            """
            SELECT rule FROM client_rules WHERE kind = 'host' AND name = ?1
            UNION ALL SELECT rule FROM client_rules WHERE \(ClientRule.isPattern(covering: "?1"))
            ORDER BY rule DESC LIMIT 1
            """, host
        ) { try $0.parsed(ClientRule.Rule(rawValue: $0.text(0))) }
    }

    /// The decision for exactly this client.
    package func find(_ id: ClientID) throws -> ClientRule.Rule? {
        try find(about: .client(id))?.rule
    }

    /// A block of a client or its host; it wins over every rule that admits. Nil without one.
    package func block(client id: ClientID?, host: String?) throws -> ClientRule? {
        try first(
            """
            SELECT \(ClientRule.columns) FROM client_rules
            WHERE rule = 'block' AND kind = 'client' AND name = ?1
            UNION ALL SELECT \(ClientRule.columns) FROM client_rules
            WHERE rule = 'block' AND kind = 'host' AND name = ?2
            UNION ALL SELECT \(ClientRule.columns) FROM client_rules
            WHERE rule = 'block' AND \(ClientRule.isPattern(covering: "?2"))
            LIMIT 1
            """, id?.string, host
        ) { try ClientRule($0) }
    }

    /// Whether a rule lets the client name the token endpoint as audience of its assertions.
    package func acceptsTokenEndpoint(client id: ClientID) throws -> Bool {
        try first(
            """
            SELECT 1 FROM client_rules WHERE rule = 'allow' AND audience = 'token-endpoint'
                AND (kind = 'client' AND name = ?1 OR kind = 'host' AND name = ?2 OR \(ClientRule.isPattern(covering: "?2")))
            LIMIT 1
            """, id.string, id.documentHost
        ) { _ in true } ?? false
    }

    /// Whether a rule about the client or its host lets it use the device grant.
    package func allowsDevice(client id: ClientID) throws -> Bool {
        try first(
            """
            SELECT 1 FROM client_rules WHERE rule = 'allow' AND device = 1
                AND (kind = 'client' AND name = ?1 OR kind = 'host' AND name = ?2 OR \(ClientRule.isPattern(covering: "?2")))
            LIMIT 1
            """, id.string, id.documentHost
        ) { _ in true } ?? false
    }

    /// The hosts of all clients with a stored document or a session.
    package func clientHosts() throws -> Set<String> {
        let documents = try all("SELECT client_id FROM documents") { try $0.client(0).documentHost }
        return try Set(documents.compactMap(\.self) + transaction.sessionHosts.inUse())
    }
}

extension ClientRule {
    fileprivate static let columns = "kind, name, rule, created_at, audience, device"

    /// Reads `columns`.
    fileprivate init(_ row: StoredRow) throws {
        let name = try row.text(1)
        self.init(
            try row.text(0) == "host" ? .host(name) : .client(try ClientID(name)),
            try row.parsed(Rule(rawValue: row.text(2))), acceptsTokenEndpoint: try row.textIfAny(4) != nil,
            allowsDevice: try row.flag(5), createdAt: try row.time(3))
    }
}
