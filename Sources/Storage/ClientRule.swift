package import OAuth

/// What an operator decided at run time about one client or one host; it wins over the configuration's lists.
package struct ClientRule: Hashable, Sendable {
    /// Whom a rule is about.
    package enum Target: Hashable, Sendable {
        /// The client of exactly this id.
        case client(ClientID)
        /// Every client whose document lies on this host, in lower case.
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

    var name: String {
        switch self {
        case .client(let id): id.string
        case .host(let host): host
        }
    }
}

extension Transaction {
    /// Sets a rule, in place of an earlier one about the same target.
    package func set(_ rule: ClientRule) throws {
        clients?.note()
        try execute(
            """
            INSERT INTO client_rules (kind, name, rule, created_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (kind, name) DO UPDATE SET rule = excluded.rule, created_at = excluded.created_at
            """, rule.target.kind, rule.target.name, rule.rule.rawValue, rule.createdAt.seconds)
    }

    /// Forgets a rule; false when there was none.
    package func removeRule(about target: ClientRule.Target) throws -> Bool {
        clients?.note()
        return try execute("DELETE FROM client_rules WHERE kind = ?1 AND name = ?2", target.kind, target.name) == 1
    }

    /// Rules about hosts and about clients that are neither registered nor known by a document, hosts after clients; those
    /// behind one if it is named, at most `limit`.
    package func otherClientRules(after target: ClientRule.Target? = nil, limit: Int) throws -> [ClientRule] {
        try all(
            """
            SELECT kind, name, rule, created_at FROM client_rules
            WHERE (kind, name) > (?1, ?2)
                AND (kind = 'host' OR NOT EXISTS (SELECT 1 FROM clients WHERE id = client_rules.name)
                    AND NOT EXISTS (SELECT 1 FROM documents WHERE client_id = client_rules.name))
            ORDER BY kind, name LIMIT ?3
            """, target?.kind ?? "", target?.name ?? "", limit
        ) { row in
            let name = try row.text(1)
            return ClientRule(
                try row.text(0) == "host" ? .host(name) : .client(try ClientID(name)),
                try row.parsed(ClientRule.Rule(rawValue: row.text(2))), createdAt: try row.time(3))
        }
    }

    /// The rule about exactly this client or host.
    package func clientRule(about target: ClientRule.Target) throws -> ClientRule? {
        try first(
            "SELECT rule, created_at FROM client_rules WHERE kind = ?1 AND name = ?2", target.kind, target.name
        ) { row in
            ClientRule(target, try row.parsed(ClientRule.Rule(rawValue: row.text(0))), createdAt: try row.time(1))
        }
    }

    /// What was decided about this host itself.
    package func hostRule(_ host: String) throws -> ClientRule.Rule? {
        try rule("host", host)
    }

    /// What was decided about exactly this client.
    package func clientRule(_ id: ClientID) throws -> ClientRule.Rule? {
        try rule("client", id.string)
    }

    /// Whether the client or its host is kept out; a block of one wins over an allowance of the other.
    package func isBlocked(client id: ClientID, host: String?) throws -> Bool {
        try first(
            """
            SELECT 1 FROM client_rules
            WHERE rule = 'block' AND ((kind = 'client' AND name = ?1) OR (kind = 'host' AND name = ?2))
            """, id.string, host
        ) { _ in true } ?? false
    }

    private func rule(_ kind: String, _ name: String) throws -> ClientRule.Rule? {
        try first("SELECT rule FROM client_rules WHERE kind = ?1 AND name = ?2", kind, name) {
            try $0.parsed(ClientRule.Rule(rawValue: $0.text(0)))
        }
    }
}
