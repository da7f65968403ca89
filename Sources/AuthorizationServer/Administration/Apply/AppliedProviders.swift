import JOSE
import OAuth
import Storage

/// What a document says about providers and identity providers, fetched and checked before the transaction.
struct PreparedProviders: Sendable {
    fileprivate var providers: [ProviderName: Provider] = [:]
    fileprivate var identityProviders: [ProviderName: (provider: IdentityProvider, homeDomains: [String])] = [:]
    fileprivate var edits: [ProviderName: IdentityProviderEdit.Plan] = [:]
}

/// Carries out the sections of providers of a document, each piece as the command for it does.
struct AppliedProviders: AdministrationNoun {
    let task: AdministrationTask
    let reason: String?

    // MARK: Before the transaction

    /// Discovers and checks what is new or different. What changes meanwhile is refused in the transaction.
    func prepare(_ desired: DesiredConfiguration) async throws -> PreparedProviders {
        var prepared = PreparedProviders()
        for provider in desired.providers ?? []
        where try await store.read({ try $0.providers.find(provider.name) }) == nil {
            prepared.providers[provider.name] =
                try await ProviderAdministration(task: task).checkedProvider(provider.draft())
        }
        for provider in desired.identityProviders ?? [] {
            guard let known = try await store.read({ try $0.identityProviders.find(provider.name) }) else {
                let check = IdentityProviderCheck(client: try client(), draft: try provider.draft())
                prepared.identityProviders[provider.name] = (
                    try await check.provider(now: now), try check.homeDomains()
                )
                continue
            }
            let exported = try await store.read { try ConfigurationExport(transaction: $0).identityProvider(known) }
            let secret = try provider.secret.flatMap { try isSame($0, as: known) ? nil : $0 }
            guard let change = try provider.change(from: exported, replacing: secret) else { continue }
            prepared.edits[provider.name] = try await IdentityProviderEdit(task: task, client: client())
                .plan(change, of: provider.name.string)
        }
        return prepared
    }

    private func client() throws -> ProviderClient {
        guard let client = administration.providers else {
            throw AdministrationError(.unavailable, "This process cannot call the provider.")
        }
        return client
    }

    /// Whether a secret is the sealed one; false where that does not open.
    private func isSame(_ secret: Secret, as provider: IdentityProvider) throws -> Bool {
        guard let sealed = provider.registration.clientSecret else { return false }
        let opened = try vault().open(sealed, ConnectionVault.identityContext(provider.name))
        return ConstantTime.equal(opened ?? [], secret.bytes)
    }

    // MARK: In the transaction

    /// Adds and changes identity providers. Returns the names of those that got another secret, and in sentences what users lose.
    func identityProviders(
        _ desired: [DesiredIdentityProvider]?, _ prepared: PreparedProviders, isDryRun: Bool, _ transaction: Transaction
    ) throws -> (replaced: [String], losses: [String]) {
        var (replaced, losses): ([String], [String]) = ([], [])
        let administration = IdentityProviderAdministration(task: task)
        for desired in desired ?? [] {
            if let new = prepared.identityProviders[desired.name] {
                _ = try administration.insert(
                    new.provider, homeDomains: new.homeDomains, secret: desired.secret,
                    vault: try vaultIfNeeded(desired.secret, new.provider, isDryRun: isDryRun), transaction)
            } else if let plan = prepared.edits[desired.name] {
                let done = try IdentityProviderEdit(task: task, client: client()).commit(
                    plan, try vaultIfNeeded(plan.secret, plan.after, isDryRun: isDryRun), transaction)
                // The first sentence says what changed, which the difference of the documents says too.
                losses += done.notes.dropFirst()
                if plan.secret != nil { replaced.append("identity provider \(desired.name)") }
            } else if try transaction.identityProviders.find(desired.name) == nil {
                throw Self.changedMeanwhile
            }
        }
        return (replaced, losses)
    }

    /// The vault for a provider with a secret or a key. A preview makes no key.
    private func vaultIfNeeded(
        _ secret: Secret?, _ provider: IdentityProvider, isDryRun: Bool
    ) throws -> ConnectionVault? {
        guard secret != nil || provider.assertionAudience != nil else { return nil }
        let vault = try vault()
        if provider.assertionAudience != nil, !isDryRun {
            try vault.keys.makeIfMissing(.assertions, now: now.seconds)
        }
        return vault
    }

    /// Adds providers, replaces their secrets, and sets what MCP servers may request there. Returns the names of those that got another
    /// secret.
    func providers(
        _ desired: [DesiredProvider]?, _ prepared: PreparedProviders, _ transaction: Transaction
    ) throws -> [String] {
        var replaced: [String] = []
        let administration = ProviderAdministration(task: task)
        for desired in desired ?? [] {
            if let known = try transaction.providers.find(desired.name) {
                try requireSame(desired, as: known)
                if let secret = desired.secret, try replace(secret, of: known, transaction) {
                    replaced.append("provider \(desired.name)")
                }
            } else {
                guard let new = prepared.providers[desired.name] else { throw Self.changedMeanwhile }
                _ = try administration.insert(
                    new, secret: desired.secret, vault: desired.secret == nil ? nil : try vault(), transaction)
            }
            if let allowed = desired.allowed { try allow(allowed, at: desired.name, transaction) }
        }
        return replaced
    }

    private func requireSame(_ desired: DesiredProvider, as known: Provider) throws(AdministrationError) {
        let exported = ConfigurationExport.provider(known)
        if let member = desired.given.keys.sorted().first(where: { exported[$0]?.string ?? "" != desired.given[$0] }) {
            throw AdministrationError(
                .invalid,
                "'\(member)' of provider '\(known.name)' cannot change. Remove the provider and add it again, or leave the member "
                    + "out.")
        }
    }

    private func replace(_ secret: Secret, of known: Provider, _ transaction: Transaction) throws -> Bool {
        let vault = try vault()
        let current = (try? vault.access(to: known))?.secret
        if let current, ConstantTime.equal(current.bytes, secret.bytes) { return false }
        guard known.clientSecret != nil else {
            throw AdministrationError(.invalid, "Provider '\(known.name)' has no secret to replace.")
        }
        try transaction.providers.setSecret(try vault.seal(secret, of: known.name, in: transaction), of: known.name)
        try audit(transaction, .providerChanged, reason: "new secret of provider \(known.name)", explanation: reason)
        return true
    }

    /// Sets the rules of a provider to those of the document. What is not in it is withdrawn.
    private func allow(
        _ allowed: [DesiredProvider.Allowance], at name: ProviderName, _ transaction: Transaction
    ) throws {
        let administration = ProviderAdministration(task: task)
        var kept: Set<ResourceID> = []
        for allowance in allowed {
            let resource = try self.resource(allowance.resource, transaction)
            kept.insert(resource.id)
            let known = try transaction.providers.rule(provider: name, resource: resource.id)
            guard known?.scope != allowance.scope || known?.aliases != allowance.aliases else { continue }
            try administration.allow(name, resource, allowance.scope, allowance.aliases, transaction)
        }
        for rule in try transaction.providers.rules() where rule.provider == name && !kept.contains(rule.resourceID) {
            guard let resource = try transaction.resources.find(id: rule.resourceID) else { continue }
            try administration.forbid(name, resource, transaction)
        }
    }

    /// Removes what the sections of the document leave out.
    func prune(_ desired: DesiredConfiguration, _ transaction: Transaction) throws {
        if let providers = desired.providers {
            let kept = Set(providers.map(\.name))
            for provider in try transaction.providers.list() where !kept.contains(provider.name) {
                _ = try ProviderAdministration(task: task).remove(provider, transaction)
            }
        }
        if let providers = desired.identityProviders {
            let kept = Set(providers.map(\.name))
            for provider in try transaction.identityProviders.list() where !kept.contains(provider.name) {
                _ = try IdentityProviderAdministration(task: task).remove(provider, transaction)
            }
        }
    }

    private static let changedMeanwhile = AdministrationError(
        .conflict, "A provider changed while the document was checked. Nothing was changed; run the command again.")
}
