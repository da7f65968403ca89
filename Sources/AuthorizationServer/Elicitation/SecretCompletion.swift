import JOSE
import OAuth
import Storage

/// What a filled form comes to before anything is written.
enum WeighedForm: Sendable {
    /// All is in order: the content, to be sealed for its elicitation.
    case content(JSONObject)
    case refused(FilledForm)
}

extension ElicitationPageEndpoint {
    /// The longest value that could be somebody's password.
    private static let longestSuspect = 1024
    /// How many values of one form are compared with the password: each costs a hash.
    private static let mostSuspects = 3

    /// Whether the sign-in is recent enough for what is asked: whoever was lured into another's account before would notice
    /// when typing secrets. What is over asks for nothing.
    func isFresh(_ person: SignedIn, for asked: Elicitation, now: Timestamp) -> Bool {
        asked.kind != .secret || !asked.status(at: now).isOpen || person.isFresh(at: now)
    }

    /// Checks what was filled in; nil for an elicitation without fields or one that is over. Passwords are looked at last, so
    /// that whoever would guess one gives away a whole answer for it.
    func weigh(
        _ form: Parameters, of asked: Elicitation, by person: SignedIn, now: Timestamp
    ) async throws -> WeighedForm? {
        guard case .secret(let schema) = asked.ask, asked.status(at: now).isOpen else { return nil }
        var filled = FilledForm(typed: FilledForm.typed(in: form, for: schema), problems: [:], notice: .fields)
        switch schema.read(filled.typed) {
        case .problems(let problems):
            filled.problems = problems
            return .refused(filled)
        case .content(let content):
            let values = schema.fields.indices.filter { schema.fields[$0].isPassword }.compactMap { place in
                content[schema.fields[place].name].map { (place, $0.string ?? filled.typed[place].joined()) }
            }
            guard let found = await ownPassword(among: values, of: person, now: now) else {
                return .content(content)
            }
            filled.notice = found.notice
            for place in found.places {
                filled.typed[place] = []
                filled.problems[place] = "This is your Gatehouse password. It was not kept; never type it here."
            }
            return .refused(filled)
        }
    }

    /// Writes down what came of a form.
    func take(
        _ weighed: WeighedForm, for question: ElicitationQuestion, of asked: Elicitation, by person: SignedIn,
        in transaction: Transaction, now: Timestamp
    ) throws -> View {
        switch weighed {
        case .refused(let filled):
            if filled.notice == .ownPassword {
                try transaction.audit(
                    AuditEntry(
                        .elicitationOwnPassword, at: now, actor: .person(person.user.id), user: person.user.id,
                        client: asked.clientID, resource: asked.resourceID, session: asked.sessionID, outcome: .refused,
                        reason: "a value was the person's own password and was not kept", initiator: .human,
                        correlation: asked.id.string))
            }
            return .correct(question, filled)
        case .content(let content):
            let sealed = try departure.vault.seal(content, of: asked.id, in: transaction)
            let outcome = ElicitationOutcome.completed(
                by: person.user.id, authTime: person.login.authTime, content: sealed)
            guard let done = try transaction.finish(asked.id, as: outcome, now: now) else {
                throw OAuthError(
                    .serverError, "Try again in a moment.", reason: "an open elicitation could not be finished")
            }
            return .over(try ElicitationEnd(done, isJustNow: true, in: transaction))
        }
    }

    /// Which values are this person's own password, or that it could not be found out; nil when none is. Each submission is
    /// counted for its person, whichever elicitation it answers, so that no form is a place for guessing passwords; and it
    /// takes one place among strangers at a time, so that nobody who is signed in keeps others from signing in.
    private func ownPassword(
        among values: [(place: Int, value: String)], of person: SignedIn, now: Timestamp
    ) async -> (notice: FilledForm.Notice, places: [Int])? {
        var suspects: [String] = []
        for (_, value) in values where value.utf8.count <= Self.longestSuspect && !suspects.contains(value) {
            suspects.append(value)
        }
        guard !suspects.isEmpty, let hash = PasswordHash(person.user.passwordHash) else { return nil }
        let claim = SignInThrottle.Claim.form(of: person.user.id)
        if let seconds = people.throttle.admit(claim, now: now) { return (.wait(seconds), []) }
        for (count, value) in suspects.prefix(Self.mostSuspects).enumerated() {
            switch await people.hasher.check(Secret(value), against: hash, for: .form(of: person.user.id)) {
            case .wrong: continue
            case .right:
                counters.ownPassword()
                return (.ownPassword, values.filter { $0.value == value }.map(\.place))
            case .busy:
                if count == 0 { people.throttle.giveBack(claim, now: clock.now()) }
                return (.wait(1), [])
            }
        }
        return nil
    }
}
