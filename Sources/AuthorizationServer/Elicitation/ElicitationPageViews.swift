import JOSE
import OAuth
import Storage

extension ElicitationPageEndpoint {
    /// The page as it stands; nil if showing it first needs a write.
    func unchangedView(
        of id: ElicitationID, person: SignedIn, in transaction: Transaction, now: Timestamp
    ) throws -> View? {
        guard let elicitation = try transaction.elicitations.find(id), elicitation.status != .pending,
            try ending(of: elicitation, in: transaction, now: now) == nil
        else { return nil }
        return try view(of: elicitation, person: person, in: transaction)
    }

    /// Records that the user opened the page, or the end of an elicitation that can no longer be answered, and returns
    /// both the elicitation and the page.
    func open(
        _ id: ElicitationID, person: SignedIn, in transaction: Transaction, now: Timestamp
    ) throws -> (elicitation: Elicitation, view: View) {
        guard var elicitation = try transaction.elicitations.find(id) else {
            throw OAuthError(.notFound, "This request was not found.")
        }
        if let outcome = try ending(of: elicitation, in: transaction, now: now) {
            // The end of a session whose user lost access has finished it already.
            elicitation =
                try transaction.elicitations.finish(id, as: outcome, now: now) ?? transaction.elicitations.find(id)
                ?? elicitation
        } else {
            try transaction.elicitations.open(id, now: now)
        }
        return (elicitation, try view(of: elicitation, person: person, in: transaction))
    }

    /// The outcome that ends the elicitation before it is shown: it expired, its session ended, or what it asks is not
    /// allowed any more. Nil while it can be answered.
    private func ending(
        of elicitation: Elicitation, in transaction: Transaction, now: Timestamp
    ) throws -> ElicitationOutcome? {
        if let outcome = try standing.ending(of: elicitation, in: transaction, now: now) { return outcome }
        guard elicitation.status.isOpen else { return nil }
        switch try elicitation.kind.strategy.content(of: elicitation, in: transaction) {
        case .section: return nil
        case .failure(let failure): return .failed(failure)
        }
    }

    private func view(of elicitation: Elicitation, person: SignedIn, in transaction: Transaction) throws -> View {
        guard elicitation.status.isOpen,
            case .section(let section) = try elicitation.kind.strategy.content(of: elicitation, in: transaction)
        else { return .ended(try ElicitationEnd(elicitation, isJustNow: false, in: transaction)) }
        return .question(try question(elicitation, section, person: person, in: transaction))
    }

    /// Carries out what an approval leads to.
    func perform(
        _ step: ElicitationStep, for question: ElicitationQuestion, of elicitation: Elicitation,
        in transaction: Transaction, now: Timestamp
    ) throws -> View {
        switch step {
        case .finish(let outcome): try finish(elicitation, as: outcome, in: transaction, now: now)
        case .redirect(let destination): .redirect(destination)
        case .retry(let problem): .retry(question, problem: problem)
        case .corrections(let form): .corrections(question, form)
        }
    }

    /// Finishes an open elicitation. Of several decisions at the same time the first one counts; the others find a
    /// final status.
    func finish(
        _ elicitation: Elicitation, as outcome: ElicitationOutcome, in transaction: Transaction, now: Timestamp
    ) throws -> View {
        guard let finished = try transaction.elicitations.finish(elicitation.id, as: outcome, now: now) else {
            throw OAuthError(
                .serverError, "Try again in a moment.", reason: "an open elicitation could not be finished")
        }
        return .ended(try ElicitationEnd(finished, isJustNow: true, in: transaction))
    }

    /// Whether the sign-in is recent enough for this elicitation. One with a final status needs no recent sign-in.
    func isSignInAccepted(_ person: SignedIn, for elicitation: Elicitation, now: Timestamp) -> Bool {
        !elicitation.kind.strategy.needsFreshSignIn || !elicitation.status(at: now).isOpen || person.isFresh(at: now)
    }

    /// The token that the form has to send. It is bound to the page, the user and the browser login, so that no other
    /// site and no other account can submit the form.
    func formToken(_ page: ElicitationPageID, person: SignedIn) -> String {
        Base64URL.encode(
            HMAC.sha256(
                key: keys.secret(.form).bytes, Array("elicitation".utf8), Array(page.string.utf8),
                Array(person.login.id.string.utf8), Array(person.user.id.string.utf8)))
    }

    /// The answer to an account that the elicitation is not for. A visit to an existing elicitation leaves an audit
    /// record.
    func notYours(
        _ person: SignedIn, _ elicitation: Elicitation?, page: ElicitationPageID, browser: Browser, now: Timestamp
    ) throws -> View {
        services.observer.observe(.wrongAccount)
        if let elicitation {
            wrongAccounts.record(
                elicitation, openedBy: person.user.id,
                reason: "opened with another account than the one that was asked", now: now)
        }
        return .notYours(
            OtherAccount(
                account: person.user.name, token: try seal.seal(.elicitation(page), for: browser, now: now),
                elicitation: elicitation?.id))
    }

    private func question(
        _ elicitation: Elicitation, _ section: any ElicitationSection, person: SignedIn, in transaction: Transaction
    ) throws -> ElicitationQuestion {
        let (resource, session) = try elicitation.origin(in: transaction)
        return ElicitationQuestion(
            page: elicitation.pageID, token: formToken(elicitation.pageID, person: person),
            server: .init(identifier: resource.identifier, name: resource.name, owner: resource.owner),
            client: session.shownClient, since: session.createdAt, username: person.user.name,
            message: elicitation.message, section: section,
            expiresAt: elicitation.expiresAt)
    }
}

extension Elicitation {
    /// The MCP server that created the elicitation and the session in which it did.
    func origin(in transaction: Transaction) throws -> (Resource, Session) {
        guard let resource = try transaction.resources.find(id: resourceID),
            let session = try transaction.sessions.find(sessionID)
        else { throw StoreError.constraint("an elicitation without its MCP server or session") }
        return (resource, session)
    }
}
