import JOSE
import OAuth
import Storage

/// Composes the content of the consent page from the pending request and what the database holds about its parties now.
struct ConsentContent {
    let settings: Settings
    let keys: KeyRing
    let standing: StandingRule

    /// The content of the page of a pending interaction.
    func request(
        _ interaction: Interaction, _ access: UserAccess, person: SignedIn, browser: Browser,
        in transaction: Transaction, now: Timestamp
    ) throws -> ConsentRequest {
        let pending = try PendingAuthorization(of: interaction)
        let redirect = pending.redirect?.uri
        let resource = try resource(of: pending, in: transaction)
        let policy = try transaction.resources.policy(of: resource.id)
        let live = try transaction.sessions.live(
            user: person.user.id, client: pending.clientID, resource: resource.id, now: now)
        let held = live.reduce(ScopeSet([])) { $0.union($1.scope) }
        let replaceable = live.filter { $0.isSamePlace(as: redirect, browser) }
            .prefix(ConsentRequest.mostReplaceable)
        let offered = access.offered(pending.scope, pending.implications)
        let token = ConsentToken(shownAt: now, offering: replaceable.map(\.id))
        return ConsentRequest(
            interaction: interaction.id, token: token.text(for: interaction, keys: keys),
            client: pending.shownClient,
            redirectIsSharedBy: pending.clientOrigin.isSelfRegistered ? redirect.flatMap(Self.users(sharing:)) : nil,
            redirect: redirect, device: pending.device,
            isLoopbackOnly: pending.isLoopbackOnly,
            resource: .init(
                id: resource.id, identifier: resource.identifier, name: resource.name, owner: resource.owner),
            scopes: resource.choices(among: offered, pending.implications, held: held),
            leftOut: resource.scopes.filter { access.withheld.contains($0.scope) && pending.scope.contains($0.scope) }
                .map(\.description),
            all: pending.implications.closure(of: offered).intersection(resource.catalogue.known)
                .subtracting(access.withheld),
            terms: SessionTerms(policy.sessions, settings.sessions),
            username: person.user.name, kept: pending.choice?.kept,
            replaceable: try replaceable.compactMap { earlier in
                try earlier.redirectURI.map {
                    .init(
                        id: earlier.id, scope: earlier.scope, createdAt: earlier.createdAt,
                        place: try RedirectURI($0).place)
                }
            },
            hasChanged: try hasChanged(pending, person, in: transaction, now: now), isStepUp: !live.isEmpty)
    }

    /// The MCP server of a pending request, if the request may still be approved. Operators may have changed something since.
    private func resource(of pending: PendingAuthorization, in transaction: Transaction) throws -> Resource {
        guard let resource = try transaction.resources.find(id: pending.resourceID) else {
            throw OAuthError(
                .invalidTarget, "The MCP server was removed while this page was open; go back to the client.")
        }
        if try pending.clientOrigin.excluding(in: transaction).contains(resource.id) {
            throw RequestedAccess.hostExcluded(at: resource)
        }
        if pending.clientOrigin.isRegistered, let client = try transaction.clients.find(pending.clientID),
            !client.mayUse(resource.id)
        {
            throw OAuthError(
                .invalidTarget,
                "The app may no longer request access to this MCP server. Go back to the app and start again.",
                reason: "the MCP server was taken from \(pending.clientID) while the page was open")
        }
        try standing.clients.checkRedirect(of: pending, in: transaction)
        if pending.device != nil,
            let refusal = try DevicePermission.refusal(of: pending.clientID, at: resource, in: transaction)
        {
            throw refusal
        }
        return resource
    }

    /// The product whose users share a redirect, if it is a known one.
    private static func users(sharing redirect: RedirectURI) -> String? {
        KnownRedirects.shipped.entry(for: redirect).flatMap { $0.isShared ? $0.vendor : nil }
    }

    private func hasChanged(
        _ pending: PendingAuthorization, _ person: SignedIn, in transaction: Transaction, now: Timestamp
    ) throws -> Bool {
        let filter = SessionFilter(user: person.user.id, client: pending.clientID)
        let approved = try transaction.sessions.list(filter, limit: 1, now: now).first?.documentDigest
        guard let approved, let shown = pending.documentDigest else { return false }
        return approved != shown
    }
}

extension RedirectURI {
    /// Host and port, which tell two windows of one program apart; the whole URI for an app's own scheme.
    fileprivate var place: String {
        guard ownScheme == nil, host != nil, let start = string.firstRange(of: "://")?.upperBound else { return string }
        return String(string[start...].prefix { !"/?#".contains($0) })
    }
}
