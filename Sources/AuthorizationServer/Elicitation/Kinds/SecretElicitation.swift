import JOSE
import OAuth
import Storage

/// A person fills in fields that only the MCP server reads; what was typed is sealed until the MCP server acknowledges it.
struct SecretElicitation: ElicitationStrategy {
    /// The longest value that could be somebody's password.
    private static let longestSuspect = 1024
    /// How many values of one form are compared with the password: each costs a hash.
    private static let mostSuspects = 3

    let services: ElicitationServices

    init(_ services: ElicitationServices) { self.services = services }

    static func refusal(
        of ask: SecretRequest, by asker: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) -> OAuthError? { nil }

    /// Whoever was lured into another's account before would notice when typing secrets.
    static let needsFreshSignIn = true

    static func part(
        _ ask: SecretRequest, of asked: Elicitation, in transaction: Transaction
    ) -> (any ElicitationSection)? { ask.schema }

    /// Checks what was filled in. Passwords are looked at last, so that whoever would guess one gives away a whole answer for
    /// it.
    func approval(
        _ ask: SecretRequest, of asked: Elicitation, by person: SignedIn, in browser: Browser, form: Parameters,
        now: Timestamp
    ) async throws -> ElicitationApproval {
        // Whatever is over by now is not compared with any password.
        guard asked.status(at: now).isOpen else { return { _ in .again(.noDecision) } }
        let schema = ask.schema
        var filled = SubmittedForm(typed: SubmittedForm.typed(in: form, for: schema), problems: [:], notice: .fields)
        switch schema.read(filled.typed) {
        case .problems(let problems):
            filled.problems = problems
            return { [filled] _ in .correct(filled) }
        case .content(let content):
            let values = schema.fields.indices.filter { schema.fields[$0].isPassword }.compactMap { place in
                content[schema.fields[place].name].map { (place, $0.string ?? filled.typed[place].joined()) }
            }
            guard let found = try await ownPassword(among: values, of: person, now: now) else {
                return keeping(content, of: asked, by: person)
            }
            filled.notice = found.notice
            for place in found.places {
                filled.typed[place] = []
                filled.problems[place] = "This is your Gatehouse password. Never enter it here; nothing was stored."
            }
            return refusing(filled, of: asked, by: person, now: now)
        }
    }

    private func keeping(
        _ content: JSONObject, of asked: Elicitation, by person: SignedIn
    ) -> ElicitationApproval {
        { [vault = services.vault] transaction in
            .finish(
                .completed(
                    by: person.user.id, authTime: person.login.authTime,
                    content: try vault.seal(content, of: asked.id, in: transaction)))
        }
    }

    private func refusing(
        _ filled: SubmittedForm, of asked: Elicitation, by person: SignedIn, now: Timestamp
    ) -> ElicitationApproval {
        { transaction in
            if filled.notice == .ownPassword {
                try transaction.audit.append(
                    AuditEntry(
                        .elicitationOwnPassword, at: now, actor: .person(person.user.id), user: person.user.id,
                        client: asked.clientID, resource: asked.resourceID, session: asked.sessionID, outcome: .refused,
                        reason: "a value was the person's own password and was not kept", initiator: .human,
                        correlation: asked.id.string))
            }
            return .correct(filled)
        }
    }

    /// Which values are this person's own password, or that it could not be found out; nil when none is. Each submission is
    /// counted for its person, whichever elicitation it answers, so that no form is a place for guessing passwords; and it
    /// takes one place among strangers at a time, so that nobody who is signed in keeps others from signing in.
    private func ownPassword(
        among values: [(place: Int, value: String)], of person: SignedIn, now: Timestamp
    ) async throws -> (notice: SubmittedForm.Notice, places: [Int])? {
        var suspects: [String] = []
        for (_, value) in values where value.utf8.count <= Self.longestSuspect && !suspects.contains(value) {
            suspects.append(value)
        }
        guard !suspects.isEmpty else { return nil }
        let password = try await services.people.store.read { [id = person.user.id] in
            try $0.credentials.find(.password, of: id)
        }
        guard let password, let hash = PasswordHash(password.data) else { return nil }
        let claim = SignInThrottle.Claim.form(of: person.user.id)
        if let seconds = services.people.throttle.admit(claim, now: now) { return (.wait(seconds), []) }
        for (count, value) in suspects.prefix(Self.mostSuspects).enumerated() {
            switch await services.hasher.check(Secret(value), against: hash, for: .form(of: person.user.id)) {
            case .wrong: continue
            case .right:
                services.observer.observe(.ownPasswordTyped)
                return (.ownPassword, values.filter { $0.value == value }.map(\.place))
            case .busy:
                if count == 0 { services.people.throttle.giveBack(claim, now: services.clock.now()) }
                return (.wait(1), [])
            }
        }
        return nil
    }

    static let isReadUntilAcknowledged = true

    func result(of asked: Elicitation, in session: SessionGrant, now: Timestamp) -> ElicitationResultBody? {
        guard let content = services.vault.content(of: asked) else { return nil }
        return { ["content": .object(content)] }
    }

    static func words(for end: ElicitationEnd) -> ElicitationOutcomeText {
        let asker = end.asker
        return switch (end.status, end.isJustNow) {
        case (.completed, true): .init("Answer sent", "Only \(asker) can collect what you entered. The app cannot.")
        case (.declined, true): .init("Declined", "Gatehouse tells \(asker) that you declined. Nothing was sent.")
        case (.completed, false):
            .init("Answer already sent", "You already sent your answer. Opening the request again changes nothing.")
        case (.declined, false):
            .init("Already declined", "You already declined this request. Opening it again changes nothing.")
        case (.expired, _):
            .init("Request expired", "You did not answer in time. Nothing was sent; \(asker) can ask again.")
        case (.cancelled, _): .init("Request cancelled", "\(asker) no longer waits for your answer. Nothing was sent.")
        case (.failed, _), (.pending, _), (.opened, _):
            .init("Request failed", "The request of \(asker) failed. Nothing was sent.")
        }
    }

    static let completedWord = "Sent"
}

extension RequestedSchema: ElicitationSection {}
