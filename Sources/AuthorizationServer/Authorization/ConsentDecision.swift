import JOSE
import OAuth
import Storage

extension ConsentEndpoint {
    /// Commits the user's refusal, and leads back to the client.
    func deny(
        _ interaction: Interaction, person: SignedIn, in transaction: Transaction, now: Timestamp
    ) throws -> Outcome {
        let pending = try PendingAuthorization(of: interaction)
        guard try transaction.interactions.finish(interaction.id, as: .denied, now: now) else { return .finished }
        try transaction.audit.append(
            AuditEntry(
                .accessDenied, at: now, actor: .person(person.user.id), user: person.user.id, client: pending.clientID,
                resource: pending.resourceID, initiator: .human))
        return .handOff(pending.location(issuer: settings.issuer, refusing: Self.denied), .denied)
    }

    /// Creates the session and its code, and leads back to the client with the code.
    func approve(
        _ interaction: Interaction, _ request: ConsentRequest, _ form: ConsentForm, replacing earlier: [SessionID],
        by access: UserAccess, person: SignedIn, browser: Browser, in transaction: Transaction, now: Timestamp
    ) throws -> Outcome {
        let pending = try PendingAuthorization(of: interaction)
        let chosen = ScopeSet(request.scopes.map(\.scope)).intersection(form.scope)
        let scope = pending.implications.closure(of: chosen).intersection(request.all)
        if scope.isEmpty, !request.scopes.isEmpty { return .again(request.keeping(form), problem: .noScope) }
        guard let lifetime = form.lifetime else { return .again(request.keeping(form), problem: .noLifetime) }
        guard request.terms.choices.contains(lifetime) else {
            return .again(request.keeping(form), problem: .notOffered)
        }
        guard try isRecent(person, for: scope, pending, in: transaction, now: now) else {
            let choice = PendingAuthorization.Choice(
                scope: chosen, lifetime: lifetime, replaces: form.replaces, madeAt: now)
            return try keep(choice, of: interaction, pending, person, browser, in: transaction, now: now)
        }
        let session = Session(
            userID: interaction.userID, clientID: pending.clientID, clientName: pending.clientName,
            clientHost: pending.clientHost, resourceID: request.resource.id, scope: scope,
            redirectURI: pending.redirect.uri.string, binding: browser.binding, createdAt: now,
            expiresAt: now + lifetime, idleSeconds: request.terms.idle, authTime: person.login.authTime,
            acr: person.login.authentication.context, authMethod: pending.demandedMethod,
            documentDigest: pending.documentDigest, refreshKeyID: keys.secret(.refresh).id, replaces: earlier)
        let code = AuthorizationCode.derive(key: keys.secret(.code).bytes, interaction: interaction.id)
        try transaction.sessions.approve(
            session,
            code: AuthorizationCodeRecord(
                digest: code.digest, sessionID: session.id, interactionID: interaction.id, clientID: session.clientID,
                redirectURI: pending.redirect.uri.string, challenge: pending.challenge,
                proofDemand: pending.proofDemand,
                expiresAt: now + settings.tokens.code))
        guard try transaction.interactions.finish(interaction.id, as: .approved(session.id), now: now) else {
            throw Self.decidedMeanwhile
        }
        try checkStanding(session.id, in: transaction, now: now)
        try transaction.audit.append(
            AuditEntry(
                .sessionApproved, at: now, actor: .person(interaction.userID), of: session,
                reason: access.ground?.reason,
                initiator: .human, explanation: access.ground?.text))
        return .handOff(pending.location(issuer: settings.issuer, code: code), .approved)
    }

    /// Takes the approval back, by rolling the transaction back, when the client, the user or the MCP server lost its good
    /// standing while the page was open.
    private func checkStanding(_ id: SessionID, in transaction: Transaction, now: Timestamp) throws {
        guard let session = try transaction.sessions.grant(id) else { return }
        if let refusal = try standing.standing(of: session, in: transaction, now: now).refusal { throw refusal }
    }

    /// The answer given before, while it is of use, so that a second click does not lose the answer to the first. A denial is
    /// of use until the request expires, an approval until its code is spent or expires.
    func earlierAnswer(
        _ interaction: Interaction, in transaction: Transaction, now: Timestamp
    ) throws -> (location: String, decision: Decision)? {
        switch interaction.state {
        case .pending: return nil
        case .denied:
            guard now < interaction.expiresAt else { return nil }
            let pending = try PendingAuthorization(of: interaction)
            return (pending.location(issuer: settings.issuer, refusing: Self.denied), .denied)
        case .approved:
            return try livingCode(interaction, in: transaction, now: now).map {
                (try PendingAuthorization(of: interaction).location(issuer: settings.issuer, code: $0), .approved)
            }
        }
    }

    private func livingCode(
        _ interaction: Interaction, in transaction: Transaction, now: Timestamp
    ) throws -> AuthorizationCode? {
        for key in keys.secrets(.code) {
            let code = AuthorizationCode.derive(key: key.bytes, interaction: interaction.id)
            guard let record = try transaction.codes.find(code.digest), record.spentAt == nil, record.expiresAt > now
            else {
                continue
            }
            return code
        }
        return nil
    }

    /// The content of the page of a pending interaction.
    func request(
        _ interaction: Interaction, _ access: UserAccess, person: SignedIn, browser: Browser,
        in transaction: Transaction, now: Timestamp
    ) throws -> ConsentRequest {
        let pending = try PendingAuthorization(of: interaction)
        let redirect = pending.redirect.uri
        guard let resource = try transaction.resources.find(id: pending.resourceID) else {
            throw OAuthError(
                .invalidTarget, "The MCP server was removed while this page was open; go back to the client.")
        }
        if try excluding(pending, in: transaction).contains(resource.id) {
            throw RequestedAccess.hostExcluded(at: resource)
        }
        try standing.clients.checkRedirect(of: pending, in: transaction)
        let policy = try transaction.resources.policy(of: resource.id)
        let live = try transaction.sessions.live(
            user: person.user.id, client: pending.clientID, resource: resource.id, now: now)
        let held = live.reduce(ScopeSet([])) { $0.union($1.scope) }
        let replaceable = live.filter { Self.isSamePlace($0, redirect, browser) }
            .prefix(ConsentRequest.mostReplaceable)
        let offered = access.offered(pending.scope, pending.implications)
        let token = ConsentToken(shownAt: now, offering: replaceable.map(\.id))
        return ConsentRequest(
            interaction: interaction.id, token: token.text(for: interaction, keys: keys),
            clientName: pending.clientName, clientHost: pending.shownHost,
            isSelfRegistered: pending.clientID.isSelfRegistered,
            redirectIsSharedBy: pending.clientID.isSelfRegistered ? Self.users(sharing: redirect) : nil,
            redirect: redirect,
            isLoopbackOnly: pending.isLoopbackOnly,
            resource: .init(
                id: resource.id, identifier: resource.identifier, name: resource.name, owner: resource.owner),
            scopes: resource.choices(among: offered, pending.implications, held: held),
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

    /// The product whose users share a redirect, if it is a known one.
    private static func users(sharing redirect: RedirectURI) -> String? {
        KnownRedirects.shipped.entry(for: redirect).flatMap { $0.isShared ? $0.vendor : nil }
    }

    private func excluding(_ pending: PendingAuthorization, in transaction: Transaction) throws -> Set<ResourceID> {
        if let host = pending.clientHost { return try transaction.resources.closed(toClientsOn: host) }
        return pending.clientID.isSelfRegistered ? try transaction.resources.closedToSelfRegisteredClients() : []
    }

    private func hasChanged(
        _ pending: PendingAuthorization, _ person: SignedIn, in transaction: Transaction, now: Timestamp
    ) throws -> Bool {
        let filter = SessionFilter(user: person.user.id, client: pending.clientID)
        let approved = try transaction.sessions.list(filter, limit: 1, now: now).first?.documentDigest
        guard let approved, let shown = pending.documentDigest else { return false }
        return approved != shown
    }

    /// Whether an earlier session came from this browser and leads back to the same program, whatever port the program uses
    /// now.
    private static func isSamePlace(
        _ earlier: Session, _ redirect: RedirectURI, _ browser: Browser
    ) -> Bool {
        // Today's rule may refuse a redirect that an earlier version took; no program can use such a redirect now.
        guard let place = earlier.redirectURI.flatMap({ try? RedirectURI($0) }) else { return false }
        return earlier.binding == browser.binding && place.withoutLoopbackPort == redirect.withoutLoopbackPort
    }

    private static let denied = OAuthError(.accessDenied, "The user denied the request.")
    private static let decidedMeanwhile = OAuthError(
        .invalidRequest, "This request was decided a moment ago; go back to the app.")
}

extension RedirectURI {
    /// Host and port, which tell two windows of one program apart; the whole URI for an app's own scheme.
    fileprivate var place: String {
        guard ownScheme == nil, host != nil, let start = string.firstRange(of: "://")?.upperBound else { return string }
        return String(string[start...].prefix { !"/?#".contains($0) })
    }
}
