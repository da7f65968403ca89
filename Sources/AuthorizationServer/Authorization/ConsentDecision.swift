import JOSE
import OAuth
import Storage

extension ConsentEndpoint {
    /// Writes down a refusal by the person and leads back to the client.
    func deny(
        _ interaction: Interaction, person: SignedIn, in transaction: Transaction, now: Timestamp
    ) throws -> Outcome {
        let pending = try PendingAuthorization(of: interaction)
        guard try transaction.interactions.finish(interaction.id, as: .denied, now: now) else { return .finished }
        try transaction.audit.append(
            AuditEntry(
                .accessDenied, at: now, actor: .person(person.user.id), user: person.user.id,
                client: try? ClientID(pending.clientID), resource: ResourceID(pending.resourceID), initiator: .human))
        return .handOff(try pending.answer(issuer: settings.issuer, refusing: Self.denied), approved: false)
    }

    /// Makes the session and its code, and leads back to the client with it.
    func approve(
        _ interaction: Interaction, _ request: ConsentRequest, _ decision: Decision, replacing earlier: [SessionID],
        person: SignedIn, browser: Browser, in transaction: Transaction, now: Timestamp
    ) throws -> Outcome {
        let pending = try PendingAuthorization(of: interaction)
        let ticked = Set(decision.scopes)
        let chosen = ScopeSet(request.scopes.map(\.scope).filter { ticked.contains($0.string) })
        let scope = try pending.implications.closure(of: chosen).intersection(request.all)
        if scope.isEmpty, !request.scopes.isEmpty { return .again(request.keeping(decision), problem: .noScope) }
        guard let lifetime = request.terms.choices.first(where: { Lifetime.text($0) == decision.lifetime }) else {
            return .again(request.keeping(decision), problem: decision.lifetime.isEmpty ? .noLifetime : .notOffered)
        }
        guard try isRecent(person, for: scope, pending, in: transaction, now: now) else {
            let choice = PendingAuthorization.Choice(
                scopes: chosen.scopes.map(\.string), lifetime: decision.lifetime, replacing: decision.replaces,
                madeAt: now.seconds)
            return try keep(choice, of: interaction, pending, person, browser, in: transaction, now: now)
        }
        let session = Session(
            userID: interaction.userID, clientID: try ClientID(pending.clientID), clientName: pending.clientName,
            clientHost: pending.clientHost, resourceID: request.resource.id, scope: scope,
            redirectURI: pending.redirectURI, binding: browser.binding, createdAt: now, expiresAt: now + lifetime,
            idleSeconds: request.terms.idle, authTime: person.login.authTime,
            acr: person.login.authentication.context.rawValue,
            documentDigest: pending.documentDigest.flatMap(Base64URL.decode).flatMap { Digest(bytes: $0) },
            refreshKeyID: keys.secret(.refresh).id, replaces: earlier)
        let code = AuthorizationCode.derive(key: keys.secret(.code).bytes, interaction: interaction.id)
        try transaction.sessions.approve(
            session,
            code: AuthorizationCodeRecord(
                digest: code.digest, sessionID: session.id, interactionID: interaction.id, clientID: session.clientID,
                redirectURI: pending.redirectURI, challenge: try CodeChallenge(pending.challenge),
                expiresAt: now + settings.tokens.code))
        guard try transaction.interactions.finish(interaction.id, as: .approved(session.id), now: now) else {
            throw Self.decidedMeanwhile
        }
        try checkStanding(session.id, in: transaction, now: now)
        try transaction.audit.append(
            AuditEntry(.sessionApproved, at: now, actor: .person(interaction.userID), of: session, initiator: .human))
        return .handOff(try pending.answer(issuer: settings.issuer, code: code), approved: true)
    }

    /// What lapsed while the page was open takes the approval back, by rolling the transaction back.
    private func checkStanding(_ id: SessionID, in transaction: Transaction, now: Timestamp) throws {
        guard let session = try transaction.sessions.grant(id) else { return }
        if let refusal = try standing.standing(of: session, in: transaction, now: now).refusal { throw refusal }
    }

    /// The answer given before, while it is of use: a second click must not lose the first one's. A denial is of use as
    /// long as the request lives, an approval as long as its code is unspent and alive.
    func earlierAnswer(
        _ interaction: Interaction, in transaction: Transaction, now: Timestamp
    ) throws -> (place: String, approved: Bool)? {
        switch interaction.state {
        case .pending: return nil
        case .denied:
            guard now < interaction.expiresAt else { return nil }
            let pending = try PendingAuthorization(of: interaction)
            return (try pending.answer(issuer: settings.issuer, refusing: Self.denied), false)
        case .approved:
            return try livingCode(interaction, in: transaction, now: now).map {
                (try PendingAuthorization(of: interaction).answer(issuer: settings.issuer, code: $0), true)
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

    /// What the page of a pending interaction says.
    func request(
        _ interaction: Interaction, person: SignedIn, browser: Browser, in transaction: Transaction, now: Timestamp
    ) throws -> ConsentRequest {
        let pending = try PendingAuthorization(of: interaction)
        let client = try ClientID(pending.clientID)
        let redirect = try RedirectURI(pending.redirectURI)
        guard let resourceID = ResourceID(pending.resourceID),
            let resource = try transaction.resources.find(id: resourceID)
        else {
            throw OAuthError(
                .invalidTarget, "The MCP server was removed while this page was open; go back to the client.")
        }
        if let host = pending.clientHost, try transaction.resources.closed(toClientsOn: host).contains(resource.id) {
            throw RequestedAccess.hostExcluded(at: resource)
        }
        let policy = try transaction.resources.policy(of: resource.id)
        let live = try transaction.sessions.live(user: person.user.id, client: client, resource: resource.id, now: now)
        let held = live.reduce(ScopeSet([])) { $0.union($1.scope) }
        let asked = try ScopeSet(parsing: pending.scope)
        let implications = try pending.implications
        let replaceable = live.filter { Self.isSamePlace($0, redirect, browser) }
            .prefix(ConsentRequest.mostReplaceable)
        let token = ConsentToken(shownAt: now, offering: replaceable.map(\.id))
        return ConsentRequest(
            interaction: interaction.id, token: token.text(for: interaction, keys: keys),
            clientName: pending.clientName, clientHost: pending.shownHost, redirect: redirect,
            isLoopbackOnly: pending.isLoopbackOnly,
            resource: .init(
                id: resource.id, identifier: resource.identifier, name: resource.name, owner: resource.owner),
            scopes: resource.choices(among: asked, implications, held: held),
            all: implications.closure(of: asked).intersection(resource.catalogue.known),
            terms: SessionTerms(policy.sessions, settings.sessions),
            username: person.user.name, kept: pending.choice?.kept,
            replaceable: try replaceable.compactMap { earlier in
                try earlier.redirectURI.map {
                    .init(
                        id: earlier.id, scope: earlier.scope, createdAt: earlier.createdAt,
                        place: try RedirectURI($0).place)
                }
            },
            hasChanged: try hasChanged(pending, client, person, in: transaction, now: now), isStepUp: !live.isEmpty)
    }

    private func hasChanged(
        _ pending: PendingAuthorization, _ client: ClientID, _ person: SignedIn, in transaction: Transaction,
        now: Timestamp
    ) throws -> Bool {
        let filter = SessionFilter(user: person.user.id, client: client)
        let approved = try transaction.sessions.list(filter, limit: 1, now: now).first?.documentDigest
        guard let approved, let shown = pending.documentDigest else { return false }
        return approved.base64URL != shown
    }

    /// Whether an earlier session came from this browser and leads back to the same program, whatever port it uses now.
    private static func isSamePlace(
        _ earlier: Session, _ redirect: RedirectURI, _ browser: Browser
    ) -> Bool {
        // A redirect that was fine once and is refused today belongs to no program that can ask now.
        guard let place = earlier.redirectURI.flatMap({ try? RedirectURI($0) }) else { return false }
        return earlier.binding == browser.binding && place.withoutLoopbackPort == redirect.withoutLoopbackPort
    }

    private static let denied = OAuthError(.accessDenied, "The person denied the request.")
    private static let decidedMeanwhile = OAuthError(
        .invalidRequest, "This request was decided a moment ago; go back to the app.")
}

extension RedirectURI {
    /// Host and port, by which a person tells two windows of one program apart; all of it for an app's own scheme.
    fileprivate var place: String {
        guard ownScheme == nil, host != nil, let start = string.firstRange(of: "://")?.upperBound else { return string }
        return String(string[start...].prefix { !"/?#".contains($0) })
    }
}
