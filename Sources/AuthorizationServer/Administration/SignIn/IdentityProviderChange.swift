import OAuth
import Storage

/// A change of an identity provider, unchecked. Nil leaves a member unchanged; name and issuer never change.
package struct IdentityProviderChange: Codable, Hashable, Sendable {
    /// The client ID of Gatehouse at the provider.
    package var clientID: String?
    /// A new client secret, which is sealed at once and never shown again.
    package var clientSecret: String?
    /// Whether Gatehouse authenticates with a key of its own from now on.
    package var usesKey = false
    /// The audience of assertions that the key signs.
    package var assertionAudience: String?
    /// The client authentication method.
    package var authMethod: String?
    /// The authorization endpoint; empty to discover it.
    package var authorizationEndpoint: String?
    /// The token endpoint; empty to discover it.
    package var tokenEndpoint: String?
    /// The URL of the provider's keys; empty to discover it.
    package var keysURL: String?
    /// The address at which a browser signs out; empty for none.
    package var endSessionEndpoint: String?
    /// Whether everything that comes from the provider's metadata is read again, apart from the endpoints of this change.
    package var discovers = false
    /// All e-mail domains whose users sign in there.
    package var homeDomains: [String]?
    /// The texts of the options that change, by name; without a text, an option gets its standard value.
    package var options: [String: [String]] = [:]

    /// A change of nothing.
    package init() {}
}

extension IdentityProviderChange {
    /// The draft of the changed provider. `IdentityProviderEdit` restores what the check of a draft cannot know.
    func draft(of provider: IdentityProvider) -> IdentityProviderDraft {
        let registration = provider.registration
        var draft = IdentityProviderDraft(
            name: provider.name.string, issuer: provider.issuer.string, clientID: clientID ?? registration.clientID)
        draft.authorizationEndpoint = endpoint(authorizationEndpoint, registration.authorizationEndpoint)
        draft.tokenEndpoint = endpoint(tokenEndpoint, registration.tokenEndpoint)
        draft.keysURL = endpoint(keysURL, provider.keysURL)
        draft.endSessionEndpoint = endSessionEndpoint ?? (discovers ? nil : provider.endSessionEndpoint ?? "")
        draft.homeDomains = homeDomains ?? []
        draft.options = provider.settings.texts.merging(options) { _, new in new }
        fillCredential(of: &draft, from: provider)
        return draft
    }

    /// The endpoint of the draft; nil to discover it.
    private func endpoint(_ typed: String?, _ current: String) -> String? {
        guard let typed else { return discovers ? nil : current }
        return typed.isEmpty ? nil : typed
    }

    /// A credential that stays is filled in, so that the rules of a draft apply to the whole.
    private func fillCredential(of draft: inout IdentityProviderDraft, from provider: IdentityProvider) {
        let method = provider.registration.authMethod
        let isKeyed = method == .privateKeyJWT
        draft.clientSecret = clientSecret
        draft.usesKey = usesKey || (isKeyed && clientSecret == nil)
        draft.authMethod = authMethod
        draft.assertionAudience = assertionAudience
        if draft.usesKey {
            draft.authMethod = authMethod ?? (isKeyed ? method.rawValue : nil)
            draft.assertionAudience = assertionAudience ?? provider.assertionAudience?.rawValue
        } else if clientSecret == nil {
            draft.clientSecret = provider.registration.clientSecret.map { _ in Self.kept }
            draft.authMethod = authMethod ?? method.rawValue
        } else if !isKeyed, method != .none {
            draft.authMethod = authMethod ?? method.rawValue
        }
    }

    /// Stands for the sealed secret in the check, which does not look at it.
    private static let kept = "kept"

    /// Whether Gatehouse authenticates in another way afterwards, which the metadata has to offer.
    func changesCredentialKind(of provider: IdentityProvider) -> Bool {
        let isKeyed = provider.registration.authMethod == .privateKeyJWT
        return (usesKey && !isKeyed) || (clientSecret != nil && (isKeyed || provider.registration.authMethod == .none))
    }
}
