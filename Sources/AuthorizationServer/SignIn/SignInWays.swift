package import OAuth
import Storage

/// Decides which ways to sign in the page of a waiting request offers.
package struct SignInWays: Sendable {
    let store: Store
    let seal: InteractionSeal
    let settings: Settings

    /// The ways that a page offers.
    package struct Offer: Hashable, Sendable {
        /// Whether users can sign in with name and password.
        package let acceptsPassword: Bool
        /// The identity providers, the one of the suggested address first.
        package let providers: [ProviderName]
        /// The provider of the suggested address; nil without one.
        package let preselected: ProviderName?
        /// Whether the page asks for the name or the address alone, because the domain of an address decides where the user signs in.
        package let asksNameFirst: Bool
        /// The provider at which the users of the MCP server have to sign in; no other way is offered then.
        package let required: ProviderName?
    }

    /// The ways for the request that is sealed in `page`. `name` is the name or the address in the field: the one that the client
    /// suggests, or the last one that the user typed.
    ///
    /// The domain alone decides, so that the page tells nothing about an account. `choosesPassword` says that the user wants to sign in
    /// with a password here all the same: an account may be named like an address of a provider's domain.
    package func offer(on page: String, name: String?, choosesPassword: Bool = false) async throws -> Offer {
        let waiting = seal.peek(page)
        return try await store.read { [settings] transaction -> Offer in
            let providers = try transaction.identityProviders.names()
            if let waiting, let resource = try Self.resource(of: waiting, settings, transaction),
                let required = try transaction.homeRealms.required(at: resource)
            {
                return Offer(
                    acceptsPassword: false, providers: providers.filter { $0 == required }, preselected: nil,
                    asksNameFirst: false, required: required)
            }
            let home = try name.flatMap { EmailAddress($0) }.flatMap {
                try transaction.homeRealms.provider(of: $0.domain)
            }
            let acceptsPassword = settings.signIn.password
            if choosesPassword, acceptsPassword {
                return Offer(
                    acceptsPassword: true, providers: providers, preselected: nil, asksNameFirst: false, required: nil)
            }
            let needsName = name == nil || home != nil || !acceptsPassword
            return Offer(
                acceptsPassword: acceptsPassword,
                providers: providers.filter { $0 == home } + providers.filter { $0 != home }, preselected: home,
                asksNameFirst: try needsName && transaction.homeRealms.hasDomains(), required: nil)
        }
    }

    /// The MCP server of a waiting request, as far as it is known before the sign-in. The authorization compares again afterwards.
    static func resource(
        of waiting: InteractionSeal.Waiting, _ settings: Settings, _ transaction: Transaction
    ) throws -> ResourceID? {
        switch waiting {
        case .authorization(let text, _, _, _):
            guard let draft = try? AuthorizationDraft(text) else { return nil }
            let named = try? ResourceRule.requested(draft.parameters.repeated(.resource))
            if let named = named ?? settings.defaultResource {
                return try transaction.resources.find(comparable: named.comparable)?.id
            }
            return try only(for: draft.asker.clientID, transaction)
        case .consent(let id, _):
            return try transaction.interactions.find(id).flatMap { try? PendingAuthorization(of: $0).resourceID }
        case .elicitation, .device, .account: return nil
        }
    }

    /// The only MCP server that a client may use; nil if there are more.
    private static func only(for client: ClientID, _ transaction: Transaction) throws -> ResourceID? {
        let registered = try transaction.clients.find(client)?.resources ?? []
        let usable =
            registered.isEmpty
            ? try transaction.resources.list(after: nil, limit: 2)
            : try registered.compactMap { try transaction.resources.find(id: $0) }.filter { $0.removedAt == nil }
        return usable.count == 1 ? usable[0].id : nil
    }
}

/// The identity provider at which the users of an MCP server have to sign in.
enum RequiredProvider {
    /// Whether a login comes from the provider, or the MCP server requires none. A provider that was removed is still required:
    /// otherwise its removal would open the MCP server to every other sign-in.
    static func isMet(by login: BrowserLoginID, at resource: ResourceID, in transaction: Transaction) throws -> Bool {
        guard let required = try transaction.homeRealms.required(at: resource) else { return true }
        return try transaction.upstreamLogins.find(login)?.provider == required
    }
}

extension Gatehouse {
    /// The ways to sign in that pages offer.
    package var signInWays: SignInWays {
        SignInWays(store: store, seal: InteractionSeal(keys: keys), settings: settings)
    }
}
