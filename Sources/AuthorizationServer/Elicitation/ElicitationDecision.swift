import JOSE
import OAuth
import Storage

extension ElicitationPageEndpoint {
    /// The page as it stands; nil when something has to be written down before it can be shown.
    func glance(
        at id: ElicitationID, person: SignedIn, in transaction: Transaction, now: Timestamp
    ) throws -> View? {
        guard let asked = try transaction.elicitations.find(id), asked.status != .pending,
            try ending(of: asked, in: transaction, now: now) == nil
        else { return nil }
        return try view(of: asked, person: person, in: transaction)
    }

    /// The page as it stands now, opened by its person: what is over is settled first.
    func look(
        at id: ElicitationID, person: SignedIn, in transaction: Transaction, now: Timestamp
    ) throws -> (asked: Elicitation, view: View) {
        guard var asked = try transaction.elicitations.find(id) else {
            throw OAuthError(.notFound, "There is no such request.")
        }
        if let outcome = try ending(of: asked, in: transaction, now: now) {
            asked = try transaction.elicitations.finish(id, as: outcome, now: now) ?? asked
        } else {
            try transaction.elicitations.open(id, now: now)
        }
        return (asked, try view(of: asked, person: person, in: transaction))
    }

    /// How it has to end before anybody sees it: its time or session is over, or nobody could do any more what it asks.
    private func ending(
        of asked: Elicitation, in transaction: Transaction, now: Timestamp
    ) throws -> ElicitationOutcome? {
        if let outcome = try standing.ending(of: asked, in: transaction, now: now) { return outcome }
        guard asked.status.isOpen else { return nil }
        switch try asked.kind.strategy.view(of: asked, in: transaction) {
        case .part: return nil
        case .failed(let reason): return .failed(reason: reason)
        }
    }

    private func view(of asked: Elicitation, person: SignedIn, in transaction: Transaction) throws -> View {
        guard asked.status.isOpen, case .part(let part) = try asked.kind.strategy.view(of: asked, in: transaction)
        else { return .over(try ElicitationEnd(asked, isJustNow: false, in: transaction)) }
        return .ask(try question(asked, part, person: person, in: transaction))
    }

    /// Carries out what an approval came to. Of many at once one is first; the others find it done.
    func take(
        _ step: ElicitationStep, for question: ElicitationQuestion, of asked: Elicitation, in transaction: Transaction,
        now: Timestamp
    ) throws -> View {
        switch step {
        case .finish(let outcome): try finish(asked, as: outcome, in: transaction, now: now)
        case .onward(let address, let comesBack): .onward(address, comesBack: comesBack)
        case .again(let problem): .again(question, problem: problem)
        case .correct(let filled): .correct(question, filled)
        }
    }

    /// Whether the sign-in is recent enough for what is asked. What is over asks for nothing.
    func isFresh(_ person: SignedIn, for asked: Elicitation, now: Timestamp) -> Bool {
        !asked.kind.strategy.needsFreshSignIn || !asked.status(at: now).isOpen || person.isFresh(at: now)
    }

    func finish(
        _ asked: Elicitation, as outcome: ElicitationOutcome, in transaction: Transaction, now: Timestamp
    ) throws -> View {
        guard let done = try transaction.elicitations.finish(asked.id, as: outcome, now: now) else {
            throw OAuthError(
                .serverError, "Try again in a moment.", reason: "an open elicitation could not be finished")
        }
        return .over(try ElicitationEnd(done, isJustNow: true, in: transaction))
    }

    /// What the form has to bring back: only this person, in this very browser login, was shown it for this elicitation.
    func formToken(_ page: ElicitationPageID, person: SignedIn) -> String {
        Base64URL.encode(
            HMAC.sha256(
                key: keys.secret(.form).bytes, Array("elicitation".utf8), Array(page.string.utf8),
                Array(person.login.id.string.utf8), Array(person.user.id.string.utf8)))
    }

    /// Counts who came with another account, and leaves a record of it if an elicitation is there.
    func turnAway(
        _ person: SignedIn, from asked: Elicitation?, page: ElicitationPageID, browser: Browser, now: Timestamp
    ) throws -> View {
        services.observer.observe(.wrongAccount)
        if let asked {
            misdirections.note(
                asked, to: person.user.id, reason: "opened with another account than the one that was asked", now: now)
        }
        return .notYours(
            Stranger(
                account: person.user.name, token: try seal.seal(.elicitation(page), for: browser, now: now),
                elicitation: asked?.id))
    }

    private func question(
        _ asked: Elicitation, _ part: any ElicitationSection, person: SignedIn, in transaction: Transaction
    ) throws -> ElicitationQuestion {
        let (resource, session) = try asked.context(in: transaction)
        return ElicitationQuestion(
            page: asked.pageID, token: formToken(asked.pageID, person: person),
            asker: .init(identifier: resource.identifier, name: resource.name, owner: resource.owner),
            through: .init(name: session.clientName, host: session.shownHost, since: session.createdAt),
            username: person.user.name, message: asked.message, part: part, expiresAt: asked.expiresAt)
    }
}

extension Elicitation {
    /// The MCP server that asks and the session in which it does.
    fileprivate func context(in transaction: Transaction) throws -> (Resource, Session) {
        guard let resource = try transaction.resources.find(id: resourceID),
            let session = try transaction.sessions.find(sessionID)
        else { throw StoreError.constraint("an elicitation without its MCP server or session") }
        return (resource, session)
    }
}

extension ElicitationEnd {
    /// What became of `asked`, by this very request or before.
    init(_ asked: Elicitation, isJustNow: Bool, in transaction: Transaction) throws {
        let (resource, session) = try asked.context(in: transaction)
        self.init(asked: asked, asker: resource.name, through: session.clientName, isJustNow: isJustNow)
    }
}
