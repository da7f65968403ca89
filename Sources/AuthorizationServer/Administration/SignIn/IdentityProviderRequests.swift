package import Storage

/// The requests about identity providers.
package enum IdentityProviderRequest: Codable, Hashable, Sendable {
    /// Registers an identity provider with Gatehouse's client credentials there.
    case add(IdentityProviderDraft)
    /// Lists all identity providers.
    case list
    /// Shows one identity provider.
    case show(String)
    /// Asks the provider for its metadata and its keys, and tells what a sign-in would meet.
    case test(String)
    /// Changes an identity provider.
    case edit(String, IdentityProviderChange)
    /// Tells what a change would take from users; changes nothing.
    case effects(String, IdentityProviderChange)
    /// Removes an identity provider and ends the browser logins that it vouched for.
    case remove(String)
}

extension IdentityProviderRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list, .show, .test: [.safeOnRolledBackTrail, .callsProviders]
        case .add(let draft):
            draft.clientSecret == nil && !draft.usesKey ? .callsProviders : [.needsKeys, .callsProviders]
        case .edit(_, let change):
            change.clientSecret == nil && !change.usesKey
                ? [.withdrawsAccess, .callsProviders] : [.withdrawsAccess, .needsKeys, .callsProviders]
        case .effects: .callsProviders
        case .remove: [.withdrawsAccess, .callsProviders]
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await IdentityProviderAdministration(task: task).perform(self)
    }
}

/// An identity provider to register, unchecked. Its members are also the declarations of `IdentityProviderOptions`, as texts. Its endpoints are discovered where the draft names none.
@dynamicMemberLookup
package struct IdentityProviderDraft: Codable, Hashable, Sendable {
    /// The short name, which is part of the redirect URI and stands on the sign-in page.
    package var name: String
    /// The issuer identifier, exactly as the provider publishes it.
    package var issuer: String
    /// The client ID of Gatehouse at the provider.
    package var clientID: String
    /// The client secret, which is sealed at once and never shown again.
    package var clientSecret: String?
    /// Whether Gatehouse authenticates with a key of its own in place of a secret.
    package var usesKey = false
    /// The audience of assertions that the key signs: `token_endpoint` or `issuer`; nil for the token endpoint.
    package var assertionAudience: String?
    /// The client authentication method; nil for one that the provider supports.
    package var authMethod: String?
    /// The authorization endpoint; nil to discover it.
    package var authorizationEndpoint: String?
    /// The token endpoint; nil to discover it.
    package var tokenEndpoint: String?
    /// The URL of the provider's keys; nil to discover it.
    package var keysURL: String?
    /// The address at which a browser signs out; nil to discover it, empty for none.
    package var endSessionEndpoint: String?
    /// The e-mail domains whose users sign in there.
    package var homeDomains: [String] = []
    /// The texts of the options that are set, by name.
    package var options: [String: [String]] = [:]

    /// A draft with its required fields.
    package init(name: String, issuer: String, clientID: String) {
        self.name = name
        self.issuer = issuer
        self.clientID = clientID
    }
    /// The texts of an option; empty for its standard value.
    package subscript<Value>(
        dynamicMember option: KeyPath<IdentityProviderOptions, IdentityProviderOption<Value>>
    ) -> [String] {
        get { options[IdentityProviderOptions.key(of: option).name] ?? [] }
        set { options[IdentityProviderOptions.key(of: option).name] = newValue }
    }
}
