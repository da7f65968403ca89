import OAuth
import Storage

extension ConsentEndpoint {
    /// Whether the sign-in is recent enough for what the user allows, and comes from the right place: for the client, and for the MCP
    /// server as an operator has configured it now, which may have changed while the page was open.
    /// Spec: RFC 9470 §5
    func isRecent(
        _ person: SignedIn, for scope: ScopeSet, _ pending: PendingAuthorization, in transaction: Transaction,
        now: Timestamp
    ) throws -> Bool {
        let signIn = person.login.authentication
        guard let resource = try transaction.resources.find(id: pending.resourceID),
            try RequiredProvider.isMet(by: person.login.id, at: resource.id, in: transaction),
            try pending.meetsDemand(signIn, of: person.user.id, in: transaction, now: now)
        else { return false }
        return pending.accepts(signIn: signIn, at: now) && resource.accepts(signIn: signIn, for: scope, at: now)
    }

    /// Keeps the user's choice with the request, decides nothing, and leads to the sign-in page.
    func keep(
        _ choice: PendingAuthorization.Choice, of interaction: Interaction, _ pending: PendingAuthorization,
        _ person: SignedIn, _ browser: Browser, in transaction: Transaction, now: Timestamp
    ) throws -> Outcome {
        var pending = pending
        pending.choice = choice
        guard
            try transaction.interactions.amend(
                interaction.id, request: pending.text, until: interaction.expiresAt, now: now)
        else { return .finished }
        let client = pending.shownClient.signInName
        let isDemanded = try !pending.meetsDemand(
            person.login.authentication, of: person.user.id, in: transaction, now: now)
        let asker = isDemanded ? try transaction.resources.find(id: pending.resourceID)?.name : nil
        let token = try seal.seal(.consent(interaction.id, client: client), for: browser, now: now)
        return .signInAgain(SignInPrompt(client: client, token: token, account: person.user.name, requiredBy: asker))
    }
}

extension PendingAuthorization.Choice {
    /// The choice as the page shows it again.
    var kept: ConsentRequest.EarlierChoice {
        ConsentRequest.EarlierChoice(scope: scope, lifetime: lifetime, replaces: replaces)
    }
}
