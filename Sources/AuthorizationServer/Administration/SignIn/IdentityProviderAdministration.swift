import JOSE
import OAuth
import Outbound
import Storage

/// The administration of identity providers.
struct IdentityProviderAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: IdentityProviderRequest) async throws -> AdministrationAnswer {
        switch request {
        case .add(let draft): return try await add(draft)
        case .list:
            return try await store.read { transaction in
                .many(
                    try transaction.identityProviders.list().map { provider in
                        try provider.row(redirectURI: redirectURI(provider.name), keys: nil)
                            .with(homeDomains: transaction.homeRealms.domains(of: provider.name))
                    })
            }
        case .show(let name):
            let provider = try await found(name)
            let domains = try await store.read { try $0.homeRealms.domains(of: provider.name) }
            return .one(
                provider.row(redirectURI: redirectURI(provider.name), keys: assertionKeys(of: provider))
                    .with(homeDomains: domains))
        case .test(let name): return try await test(found(name))
        case .edit(let name, let change):
            let answer = try await IdentityProviderEdit(task: task, client: client()).apply(change, to: name) {
                $0.row(redirectURI: redirectURI($0.name), keys: assertionKeys(of: $0)).with(homeDomains: $1)
            }
            return answer
        case .effects(let name, let change):
            return try await IdentityProviderEdit(task: task, client: client()).effects(on: name, of: change)
        case .remove(let name): return try await remove(name)
        }
    }

    private func add(_ draft: IdentityProviderDraft) async throws -> AdministrationAnswer {
        let check = try IdentityProviderCheck(client: client(), draft: draft)
        let homeDomains = try check.homeDomains()
        let checked = try await check.provider(now: now)
        let secret = draft.clientSecret.map { Secret($0) }
        let vault = secret == nil && checked.assertionAudience == nil ? nil : try vault()
        // The key comes first: a provider without its key could sign nobody in, and a key without a provider does no harm.
        if checked.assertionAudience != nil { try vault?.keys.makeIfMissing(.assertions, now: now.seconds) }
        let provider = try await store.write { transaction in
            try insert(checked, homeDomains: homeDomains, secret: secret, vault: vault, transaction)
        }
        let address = redirectURI(provider.name)
        return .one(
            provider.row(redirectURI: address, keys: assertionKeys(of: provider)).with(homeDomains: homeDomains),
            note: address.map { redirect in
                let key =
                    provider.assertionAudience.map { _ in " Give it Gatehouse's public key too: \(keyPlace)" } ?? ""
                let after = provider.endSessionEndpoint == nil ? nil : signedOutURI(provider.name)
                return "Register this redirect URI at the provider, for this client only: \(redirect)."
                    + (after.map { " Register this one for after a sign-out: \($0)." } ?? "") + key
            }, warning: Self.warning(provider))
    }

    /// Adds a checked provider with its home domains and its record, and returns it with its sealed secret.
    func insert(
        _ checked: IdentityProvider, homeDomains: [String], secret: Secret?, vault: ConnectionVault?,
        _ transaction: Transaction
    ) throws -> IdentityProvider {
        let sealed = try secret.flatMap { try vault?.seal($0, ofIdentityProvider: checked.name, in: transaction) }
        let provider = checked.with(clientSecret: sealed)
        guard try transaction.identityProviders.insert(provider) else {
            throw AdministrationError(.conflict, "Identity provider '\(provider.name)' already exists.")
        }
        if let taken = try transaction.homeRealms.add(homeDomains, of: provider.name) {
            throw AdministrationError(
                .conflict,
                "The domain \(taken) leads to another identity provider. Leave it out, or remove that one first.")
        }
        try audit(
            transaction, .identityProviderAdded, reason: "identity provider \(provider.name)",
            explanation: "issuer \(provider.issuer)")
        return provider
    }

    /// Where a provider finds the key with which Gatehouse authenticates there.
    private var keyPlace: String {
        let address = administration.providers.map { $0.issuer.endpoint("/jwks") } ?? "/jwks"
        return
            "the key set at \(address) if it can fetch that, else the one that 'gatehouse identity-providers show' prints."
    }

    /// The public keys with which Gatehouse authenticates at a provider; nil if it does not, or without open keys.
    private func assertionKeys(of provider: IdentityProvider) -> JWKSet? {
        provider.assertionAudience.flatMap { _ in administration.keys?.published(.assertions, at: now.seconds) }
    }

    /// Without any restriction, a provider that is open to everybody lets everybody in.
    private static func warning(_ provider: IdentityProvider) -> String? {
        let settings = provider.settings
        guard settings.accounts == .create, settings.domains.isEmpty, settings.requiredGroups.isEmpty else {
            return nil
        }
        return
            "Everybody who has an account at \(provider.issuer) can sign in. If that is more than your organization, use "
            + "--allow-domain, --require-group or --accounts link."
    }

    private func remove(_ text: String) async throws -> AdministrationAnswer {
        try await store.write { transaction in
            let provider = try self.identityProvider(text, transaction)
            let servers = try transaction.homeRealms.servers(requiring: provider.name)
            let ended = try remove(provider, transaction)
            return .one(
                provider.row(redirectURI: nil, keys: nil),
                note:
                    "Ended \(ended) browser login\(ended == 1 ? "" : "s"). Unused links that name the provider are no longer "
                    + "valid; 'gatehouse users reset' makes new ones. Accounts and sessions stay: to withdraw access, use "
                    + "'gatehouse users disable' or 'gatehouse sessions revoke'.",
                warning: Self.warning(aboutClosed: servers))
        }
    }

    /// Removes a provider with its record, and returns the number of browser logins that ended.
    func remove(_ provider: IdentityProvider, _ transaction: Transaction) throws -> Int {
        let ended = try transaction.identityProviders.remove(provider.name, now: now) ?? 0
        try transaction.groups.forget(GroupSource(provider: provider.name))
        try audit(
            transaction, .identityProviderRemoved, reason: "identity provider \(provider.name)",
            explanation: "issuer \(provider.issuer)")
        return ended
    }

    /// MCP servers whose users have to sign in at a provider that was removed.
    private static func warning(aboutClosed servers: [String]) -> String? {
        guard !servers.isEmpty else { return nil }
        return
            "Nobody can sign in for \(servers.joined(separator: ", ")) until 'gatehouse resources policy --identity-provider' names "
            + "another provider, or '' for any way to sign in."
    }

    /// Repeats what `add` checked, with the addresses that a sign-in would use.
    private func test(_ provider: IdentityProvider) async throws -> AdministrationAnswer {
        let client = try client()
        var findings: [JSONObject] = []
        func report(_ subject: String, _ isGood: Bool, _ text: String) {
            findings.append([
                "subject": .string(subject), "result": .string(isGood ? "ok" : "problem"), "finding": .string(text),
            ])
        }
        do {
            let metadata = try await OpenIDDiscovery(client: client).metadata(of: provider.issuer)
            report("metadata", true, "\(provider.issuer.metadataURL) names the issuer.")
            let pairs = [
                ("authorization endpoint", metadata.authorizationEndpoint, provider.registration.authorizationEndpoint),
                ("token endpoint", metadata.tokenEndpoint, provider.registration.tokenEndpoint),
                ("keys", metadata.keysURL, provider.keysURL),
            ]
            for (name, published, used) in pairs where published != used {
                report(name, false, "The metadata names \(published), but Gatehouse uses \(used).")
            }
        } catch {
            report("metadata", false, error.description)
        }
        do {
            let count = try await OpenIDDiscovery(client: client).usableKeys(of: provider)
            report("keys", count > 0, "\(provider.keysURL) has \(count) usable key\(count == 1 ? "" : "s").")
        } catch {
            report("keys", false, error.description)
        }
        if provider.assertionAudience != nil {
            let count = assertionKeys(of: provider)?.keys.count ?? 0
            report(
                "client key", count > 0,
                count > 0
                    ? "The provider must have Gatehouse's public key: \(keyPlace)"
                    : "The key with which Gatehouse authenticates is missing. Restore the keys folder, or add the provider again."
            )
        }
        if let redirect = redirectURI(provider.name) {
            report(
                "redirect URI", true,
                "The provider must have \(redirect) registered for client '"
                    + "\(provider.registration.clientID)'; only a sign-in shows whether it has.")
        }
        return .many(findings)
    }

    private func found(_ text: String) async throws -> IdentityProvider {
        try await store.read { try identityProvider(text, $0) }
    }

    /// The provider of this name.
    func identityProvider(_ text: String, _ transaction: Transaction) throws -> IdentityProvider {
        guard let name = try? ProviderName(text), let provider = try transaction.identityProviders.find(name) else {
            throw AdministrationError(
                .notFound,
                "Identity provider '\(text)' not found. List them with 'gatehouse identity-providers list'.")
        }
        return provider
    }

    private func signedOutURI(_ name: ProviderName) -> String? {
        administration.providers.map { $0.issuer.endpoint(ProviderSignOut.path(name)) }
    }

    private func redirectURI(_ name: ProviderName) -> String? {
        administration.providers?.through(.signIn).redirectURI(name)
    }

    private func client() throws(AdministrationError) -> ProviderClient {
        guard let client = administration.providers else {
            throw AdministrationError(.unavailable, "This process cannot call the provider.")
        }
        return client
    }
}
