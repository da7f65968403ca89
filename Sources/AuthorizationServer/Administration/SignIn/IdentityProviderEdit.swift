import JOSE
import OAuth
import Storage

/// Changes an identity provider in everything except its name and its issuer, by which the accounts here are known.
struct IdentityProviderEdit: AdministrationNoun {
    let task: AdministrationTask
    let client: ProviderClient

    /// The provider before and after a change, with the sealed secret of before.
    struct Plan: Sendable {
        let before: IdentityProvider
        let after: IdentityProvider
        /// The home domains afterwards; nil if they stay.
        let homeDomains: [String]?
        let secret: Secret?
        /// Whether there is no secret any more.
        let dropsSecret: Bool
    }

    /// What the change takes away, a sentence each; empty if nobody loses anything. Changes nothing.
    func effects(on name: String, of change: IdentityProviderChange) async throws -> AdministrationAnswer {
        let plan = try await plan(change, of: name)
        return try await store.read { [now] transaction in
            .many(
                try IdentityProviderLoss(from: plan.before, to: plan.after, in: transaction, now: now).sentences
                    .map { ["effect": .string($0)] })
        }
    }

    /// Carries the change out, with what it takes away, in one transaction with its record.
    func apply(
        _ change: IdentityProviderChange, to name: String,
        _ present: @Sendable (IdentityProvider, [String]) -> JSONObject
    ) async throws -> AdministrationAnswer {
        let plan = try await plan(change, of: name)
        let vault = plan.secret == nil && plan.after.assertionAudience == nil ? nil : try vault()
        if plan.after.assertionAudience != nil { try vault?.keys.makeIfMissing(.assertions, now: now.seconds) }
        let (row, notes) = try await store.write { transaction in
            try self.commit(plan, vault, transaction)
        }
        return .one(present(row.provider, row.homeDomains), note: notes.joined(separator: " "))
    }

    /// Writes a planned change with its record, and takes away what it says.
    func commit(
        _ plan: Plan, _ vault: ConnectionVault?, _ transaction: Transaction
    ) throws -> (row: (provider: IdentityProvider, homeDomains: [String]), notes: [String]) {
        let name = plan.before.name
        guard let current = try transaction.identityProviders.find(name), current.isSame(as: plan.before) else {
            throw AdministrationError(.conflict, "Identity provider '\(name)' changed meanwhile. Try again.")
        }
        let sealed = try plan.secret.flatMap { try vault?.seal($0, ofIdentityProvider: name, in: transaction) }
        let after = plan.after.with(
            clientSecret: plan.dropsSecret ? nil : sealed ?? current.registration.clientSecret)
        let oldDomains = try transaction.homeRealms.domains(of: name)
        if let domains = plan.homeDomains, let taken = try transaction.homeRealms.set(domains, of: name) {
            throw AdministrationError(
                .conflict,
                "The domain \(taken) leads to another identity provider. Leave it out, or take it from that one first.")
        }
        let newDomains = try transaction.homeRealms.domains(of: name)
        var changes = Self.changes(
            from: current.row(redirectURI: nil, keys: nil).with(homeDomains: oldDomains),
            to: after.row(redirectURI: nil, keys: nil).with(homeDomains: newDomains))
        if plan.secret != nil { changes.append("client_secret: replaced") }
        guard !changes.isEmpty else { return ((current, oldDomains), ["Nothing changed."]) }
        let loss = try IdentityProviderLoss(from: current, to: after, in: transaction, now: now)
        try transaction.identityProviders.replace(after)
        try loss.take(from: name, in: transaction, by: administrator.actor)
        try audit(
            transaction, .identityProviderChanged, reason: "identity provider \(name)",
            explanation: changes.joined(separator: "; "))
        return ((after, newDomains), ["Changed \(changes.joined(separator: "; "))."] + loss.sentences)
    }

    /// What differs between two rows, as the record says it.
    private static func changes(from old: JSONObject, to new: JSONObject) -> [String] {
        new.members.compactMap { name, value in
            let before = old[name] ?? .null
            return before.text == value.text ? nil : "\(name): \(shown(before)) → \(shown(value))"
        }
    }

    private static func shown(_ value: JSON) -> String {
        switch value {
        case .null: "none"
        case .string(let text): text
        case .array(let values) where values.isEmpty: "none"
        case .array(let values): values.compactMap(\.string).joined(separator: ", ")
        default: value.text
        }
    }

    /// Checks the change as `add` checks a draft. What the change leaves alone stays as it was found, without the metadata.
    func plan(_ change: IdentityProviderChange, of name: String) async throws -> Plan {
        let before = try await store.read {
            try IdentityProviderAdministration(task: task).identityProvider(name, $0)
        }
        let check = IdentityProviderCheck(
            client: client, draft: change.draft(of: before),
            needsMetadata: change.discovers
                || change.changesCredentialKind(of: before))
        let homeDomains = try change.homeDomains.map { _ in try check.homeDomains() }
        let checked = try await check.provider(now: now)
        let (old, new) = (before.registration, checked.registration)
        let keepsToken = new.tokenEndpoint == old.tokenEndpoint && change.tokenEndpoint == nil && !change.discovers
        let keepsKeys = checked.keysURL == before.keysURL && change.keysURL == nil && !change.discovers
        let registration = Provider(
            name: old.name, owner: "", issuer: old.issuer, authorizationEndpoint: new.authorizationEndpoint,
            tokenEndpoint: new.tokenEndpoint, clientID: new.clientID, clientSecret: old.clientSecret,
            authMethod: new.authMethod, sendsIssuer: change.discovers ? new.sendsIssuer : old.sendsIssuer,
            isTokenEndpointForeign: keepsToken ? old.isTokenEndpointForeign : new.isTokenEndpointForeign,
            createdAt: old.createdAt)
        let after = IdentityProvider(
            issuer: before.issuer, registration: registration, keysURL: checked.keysURL,
            areKeysForeign: keepsKeys ? before.areKeysForeign : checked.areKeysForeign,
            assertionAudience: checked.assertionAudience,
            listedContexts: change.discovers ? checked.listedContexts : before.listedContexts,
            endSessionEndpoint: checked.endSessionEndpoint, settings: checked.settings)
        return Plan(
            before: before, after: after, homeDomains: homeDomains, secret: change.clientSecret.map { Secret($0) },
            dropsSecret: new.authMethod == .none || new.authMethod == .privateKeyJWT)
    }
}

extension IdentityProvider {
    /// Whether two are the same provider in every part that a sign-in under way depends on. The secret does not count: it may have been
    /// sealed again with a newer key.
    func isSame(as other: IdentityProvider) -> Bool { with(clientSecret: nil) == other.with(clientSecret: nil) }
}
