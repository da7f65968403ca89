package import OAuth

/// What an operator decided at run time about one client or one host; it wins over the configuration's lists.
package struct ClientRule: Hashable, Sendable {
    /// Whom a rule is about.
    package enum Target: Hashable, Sendable {
        /// The client of exactly this id.
        case client(ClientID)
        /// Every client whose document lies on this host, in lower case; `*.example.com` is all below one, `*` every host.
        case host(String)
    }

    /// Let in, or kept out.
    package enum Rule: String, Hashable, Sendable {
        case allow, block
    }

    package let target: Target
    package let rule: Rule
    package let createdAt: Timestamp

    /// A rule, as it is to be stored.
    package init(_ target: Target, _ rule: Rule, createdAt: Timestamp) {
        self.target = target
        self.rule = rule
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

    /// The client's id, the host, or the pattern of hosts.
    package var name: String {
        switch self {
        case .client(let id): id.string
        case .host(let host): host
        }
    }

    /// Whether a host is meant by a rule's name: `*`, `*.example.com`, which is not `example.com` itself, or the host.
    package static func covers(_ name: String, _ host: String) -> Bool {
        if name == "*" { return true }
        return name.hasPrefix("*.") ? host.hasSuffix(name.dropFirst()) : host == name
    }
}

extension ClientRule {
    /// The condition that a row of `client_rules` is a pattern that covers a host. Patterns begin with `*`, which stands
    /// before every host in the index.
    static func isPattern(covering host: String) -> String {
        """
        kind = 'host' AND name >= '*' AND name < '+'
            AND (name = '*' AND \(host) IS NOT NULL OR substr(\(host), 1 - length(name)) = substr(name, 2))
        """
    }
}

/// What operators decided about clients and their hosts.
package struct ClientRules: Noun {
    let transaction: Transaction
}

extension ClientRules {
    /// Sets a rule, in place of an earlier one about the same target.
    package func set(_ rule: ClientRule) throws {
        writerMemory?.clientChanges.mark()
        try execute(
            """
            INSERT INTO client_rules (kind, name, rule, created_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (kind, name) DO UPDATE SET rule = excluded.rule, created_at = excluded.created_at
            """, rule.target.kind, rule.target.name, rule.rule.rawValue, rule.createdAt.seconds)
    }

    /// Forgets a rule; false when there was none.
    package func remove(about target: ClientRule.Target) throws -> Bool {
        writerMemory?.clientChanges.mark()
        return try execute("DELETE FROM client_rules WHERE kind = ?1 AND name = ?2", target.kind, target.name) == 1
    }

    /// Rules about hosts and about clients that are neither registered nor known by a document, hosts after clients; those
    /// behind one if it is named, at most `limit`.
    package func others(after target: ClientRule.Target? = nil, limit: Int) throws -> [ClientRule] {
        try all(
            """
            SELECT kind, name, rule, created_at FROM client_rules
            WHERE (kind, name) > (?1, ?2)
                AND (kind = 'host' OR NOT EXISTS (SELECT 1 FROM clients WHERE id = client_rules.name)
                    AND NOT EXISTS (SELECT 1 FROM documents WHERE client_id = client_rules.name))
            ORDER BY kind, name LIMIT ?3
            """, target?.kind ?? "", target?.name ?? "", limit
        ) { try ClientRule($0) }
    }

    /// The rule about exactly this client or host.
    package func find(about target: ClientRule.Target) throws -> ClientRule? {
        try first(
            "SELECT rule, created_at FROM client_rules WHERE kind = ?1 AND name = ?2", target.kind, target.name
        ) { row in
            ClientRule(target, try row.parsed(ClientRule.Rule(rawValue: row.text(0))), createdAt: try row.time(1))
        }
    }

    /// The rules about a client or a host of exactly this name, about a client first.
    package func list(named name: String) throws -> [ClientRule] {
        let client = try (try? ClientID(name)).flatMap { try find(about: .client($0)) }
        return try [client, find(about: .host(name.lowercased()))].compactMap(\.self)
    }

    /// The rules, about clients first, each kind by name; those behind one if it is named, at most `limit`.
    package func list(after target: ClientRule.Target? = nil, limit: Int) throws -> [ClientRule] {
        try all(
            """
            SELECT kind, name, rule, created_at FROM client_rules WHERE (kind, name) > (?1, ?2)
            ORDER BY kind, name LIMIT ?3
            """, target?.kind ?? "", target?.name ?? "", limit
        ) { try ClientRule($0) }
    }

    /// What was decided about this host, by itself or by a pattern; a block wins.
    package func host(_ host: String) throws -> ClientRule.Rule? {
        try first(
            """
            SELECT rule FROM client_rules WHERE kind = 'host' AND name = ?1
            UNION ALL SELECT rule FROM client_rules WHERE \(ClientRule.isPattern(covering: "?1"))
            ORDER BY rule DESC LIMIT 1
            """, host
        ) { try $0.parsed(ClientRule.Rule(rawValue: $0.text(0))) }
    }

    /// What was decided about exactly this client.
    package func find(_ id: ClientID) throws -> ClientRule.Rule? {
        try find(about: .client(id))?.rule
    }

    /// The block that keeps a client or its host out, if there is one; it wins over an allowance of another name.
    package func block(client id: ClientID?, host: String?) throws -> ClientRule? {
        try first(
            """
            SELECT kind, name, rule, created_at FROM client_rules
            WHERE rule = 'block' AND kind = 'client' AND name = ?1
            UNION ALL SELECT kind, name, rule, created_at FROM client_rules
            WHERE rule = 'block' AND kind = 'host' AND name = ?2
            UNION ALL SELECT kind, name, rule, created_at FROM client_rules
            WHERE rule = 'block' AND \(ClientRule.isPattern(covering: "?2"))
            LIMIT 1
            """, id?.string, host
        ) { try ClientRule($0) }
    }

    /// The hosts of all clients that are known by a document or a session.
    package func clientHosts() throws -> Set<String> {
        let documents = try all("SELECT client_id FROM documents") { try $0.client(0).documentHost }
        return try Set(documents.compactMap(\.self) + transaction.sessionHosts.inUse())
    }
}

extension ClientRule {
    /// Reads kind, name, rule and time.
    fileprivate init(_ row: StoredRow) throws {
        let name = try row.text(1)
        self.init(
            try row.text(0) == "host" ? .host(name) : .client(try ClientID(name)),
            try row.parsed(Rule(rawValue: row.text(2))), createdAt: try row.time(3))
    }
}
