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
                resource: pending.resourceID, reason: pending.device?.remark, initiator: .human))
        if let device = pending.device { _ = try transaction.devices.deny(device.digest, now: now) }
        return .handOff(pending.destination(issuer: settings.issuer, refusing: Self.denied), .denied)
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
            redirectURI: pending.redirect?.uri.string, binding: pending.redirect == nil ? nil : browser.binding,
            createdAt: now, expiresAt: now + lifetime, idleSeconds: request.terms.idle,
            authTime: person.login.authTime, acr: person.login.authentication.context,
            authMethod: pending.demandedMethod, documentDigest: pending.documentDigest,
            refreshKeyID: keys.secret(.refresh).id, replaces: earlier)
        let demand = try pending.spendDemand(of: interaction.userID, in: transaction, now: now)
        let code = AuthorizationCode.derive(key: keys.secret(.code).bytes, interaction: interaction.id)
        try pending.begin(
            session, with: code, until: now + settings.tokens.code, of: interaction.id, in: browser, transaction)
        guard try transaction.interactions.finish(interaction.id, as: .approved(session.id), now: now) else {
            throw Self.decidedMeanwhile
        }
        if let address = browser.address {
            try transaction.approvalAddresses.insert(address, of: session.id, by: interaction.userID)
        }
        try checkStanding(session.id, in: transaction, now: now)
        try transaction.audit.append(
            AuditEntry(
                .sessionApproved, at: now, actor: .person(interaction.userID), of: session,
                reason: PendingAuthorization.joined(pending.reason(of: access.ground), demand), initiator: .human,
                explanation: pending.explanation(of: access.ground),
                address: pending.device == nil ? nil : browser.address,
                changes: [AuditChange("scope", to: scope.string), AuditChange("lifetime", to: Lifetime.text(lifetime))])
        )
        return .handOff(pending.destination(issuer: settings.issuer, code: code), .approved)
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
    ) throws -> (destination: Destination, decision: Decision)? {
        switch interaction.state {
        case .pending: return nil
        case .denied:
            guard now < interaction.expiresAt else { return nil }
            let pending = try PendingAuthorization(of: interaction)
            return (pending.destination(issuer: settings.issuer, refusing: Self.denied), .denied)
        case .approved:
            let pending = try PendingAuthorization(of: interaction)
            if pending.device != nil { return (.device, .approved) }
            return try livingCode(interaction, in: transaction, now: now).map {
                (pending.destination(issuer: settings.issuer, code: $0), .approved)
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

    private static let denied = OAuthError(.accessDenied, "The user denied the request.")
    private static let decidedMeanwhile = OAuthError(
        .invalidRequest, "This request was decided a moment ago; go back to the app.")
}
