package import OAuth

/// Where users sign in: the e-mail domains that belong to an identity provider, and the MCP servers whose users sign in at one.
package struct HomeRealms: Noun {
    let transaction: Transaction
}

extension HomeRealms {
    /// Gives domains, in lower case, to a provider. Returns the first that another provider has; nil if all are the provider's now.
    package func add(_ domains: [String], of provider: ProviderName) throws -> String? {
        for domain in domains {
            let isFree = try execute(
                """
                INSERT INTO home_domains (domain, provider) VALUES (?1, ?2)
                ON CONFLICT (domain) DO UPDATE SET provider = excluded.provider WHERE provider = excluded.provider
                """, domain, provider.string)
            guard isFree == 1 else { return domain }
        }
        return nil
    }

    /// Replaces the domains of a provider. Returns the first that another provider has; nil if exactly these are the provider's now.
    package func set(_ domains: [String], of provider: ProviderName) throws -> String? {
        try execute("DELETE FROM home_domains WHERE provider = ?1", provider.string)
        return try add(domains, of: provider)
    }

    /// The provider of a domain.
    package func provider(of domain: String) throws -> ProviderName? {
        try first("SELECT provider FROM home_domains WHERE domain = ?1", domain) { try ProviderName($0.text(0)) }
    }

    /// The domains of a provider.
    package func domains(of provider: ProviderName) throws -> [String] {
        try all("SELECT domain FROM home_domains WHERE provider = ?1 ORDER BY domain", provider.string) {
            try $0.text(0)
        }
    }

    /// Whether any provider has a domain.
    package func hasDomains() throws -> Bool {
        try first("SELECT 1 FROM home_domains LIMIT 1") { _ in true } ?? false
    }

    /// Sets the provider at which the users of an MCP server have to sign in; nil for any way to sign in.
    package func require(_ provider: ProviderName?, at resource: ResourceID) throws {
        try execute("DELETE FROM required_identity_providers WHERE resource_id = ?1", resource.string)
        guard let provider else { return }
        try execute(
            "INSERT INTO required_identity_providers (resource_id, provider) VALUES (?1, ?2)", resource.string,
            provider.string)
    }

    /// The provider at which the users of an MCP server have to sign in, also if it was removed; nil for any way to sign in.
    package func required(at resource: ResourceID) throws -> ProviderName? {
        try first("SELECT provider FROM required_identity_providers WHERE resource_id = ?1", resource.string) {
            try ProviderName($0.text(0))
        }
    }

    /// The names of the registered MCP servers whose users have to sign in at a provider.
    package func servers(requiring provider: ProviderName) throws -> [String] {
        try all(
            """
            SELECT r.name FROM required_identity_providers q JOIN resources r ON r.id = q.resource_id
            WHERE q.provider = ?1 AND r.removed_at IS NULL ORDER BY r.name LIMIT 100
            """, provider.string
        ) { try $0.text(0) }
    }
}
