import JOSE
import OAuth
import Storage

/// The user fills in fields that only the MCP server reads. The values stay sealed until the MCP server acknowledges
/// them.
struct SecretElicitation: ElicitationStrategy {
    /// The longest value, in bytes of UTF-8, that is compared with the user's password.
    private static let longestCandidate = 1024
    /// How many values of one form are compared with the user's password. Each comparison costs a password hash.
    private static let mostCandidates = 3

    let services: ElicitationServices

    init(_ services: ElicitationServices) { self.services = services }

    static func refusal(
        of ask: SecretRequest, by resource: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) -> OAuthError? { nil }

    /// A user who was tricked into another account's login notices it at the sign-in, before typing secrets into that
    /// account.
    static let needsFreshSignIn = true

    static func section(
        _ ask: SecretRequest, of elicitation: Elicitation, in transaction: Transaction
    ) -> (any ElicitationSection)? { ask.schema }

    /// Checks the form. The comparison with the user's password comes last: an attacker who guesses at the password has
    /// to send an otherwise valid form, which ends the elicitation.
    func approval(
        _ ask: SecretRequest, of elicitation: Elicitation, by person: SignedIn, in browser: Browser, form: Parameters,
        now: Timestamp
    ) async throws -> ElicitationApproval {
        // After the end no form is compared with a password: it could be sent again and again.
        guard elicitation.status(at: now).isOpen else { return { _ in .retry(.noDecision) } }
        let schema = ask.schema
        var filled = SubmittedForm(typed: SubmittedForm.typed(in: form, for: schema), problems: [:], notice: .fields)
        switch schema.read(filled.typed) {
        case .problems(let problems):
            filled.problems = problems
            return { [filled] _ in .corrections(filled) }
        case .content(let content):
            let values = schema.fields.indices.filter { schema.fields[$0].isPassword }.compactMap { place in
                content[schema.fields[place].name].map { (place, $0.string ?? filled.typed[place].joined()) }
            }
            guard let match = try await ownPassword(among: values, of: person, now: now) else {
                return completion(of: content, of: elicitation, by: person)
            }
            filled.notice = match.notice
            for place in match.places {
                filled.typed[place] = []
                filled.problems[place] = "This is your Gatehouse password. Never enter it here; nothing was stored."
            }
            return rejection(of: filled, of: elicitation, by: person, now: now)
        }
    }

    private func completion(
        of content: JSONObject, of elicitation: Elicitation, by person: SignedIn
    ) -> ElicitationApproval {
        { [vault = services.vault] transaction in
            .finish(
                .completed(
                    by: person.user.id, authTime: person.login.authTime,
                    content: try vault.seal(content, of: elicitation.id, in: transaction)))
        }
    }

    private func rejection(
        of filled: SubmittedForm, of elicitation: Elicitation, by person: SignedIn, now: Timestamp
    ) -> ElicitationApproval {
        { transaction in
            if filled.notice == .ownPassword {
                try transaction.audit.append(
                    AuditEntry(
                        .elicitationOwnPassword, at: now, actor: .person(person.user.id), user: person.user.id,
                        client: elicitation.clientID, resource: elicitation.resourceID, session: elicitation.sessionID,
                        outcome: .refused,
                        reason: "a value was the person's own password and was not kept", initiator: .human,
                        correlation: elicitation.id.string))
            }
            return .corrections(filled)
        }
    }

    /// The fields that hold the user's own password, or a wait if the comparison was not possible; nil when there are
    /// none.
    ///
    /// The throttle counts each submission against its user, across all elicitations, so that the form cannot be used
    /// to guess the password. Each user takes one place of the password hasher at a time, so that no user blocks the
    /// sign-ins of others.
    private func ownPassword(
        among values: [(place: Int, value: String)], of person: SignedIn, now: Timestamp
    ) async throws -> (notice: SubmittedForm.Notice, places: [Int])? {
        var candidates: [String] = []
        for (_, value) in values where value.utf8.count <= Self.longestCandidate && !candidates.contains(value) {
            candidates.append(value)
        }
        guard !candidates.isEmpty else { return nil }
        let password = try await services.people.store.read { [id = person.user.id] in
            try $0.credentials.find(.password, of: id)
        }
        guard let password, let hash = PasswordHash(password.data) else { return nil }
        let claim = SignInThrottle.Claim.form(of: person.user.id)
        if let seconds = services.people.throttle.admit(claim, now: now) { return (.wait(seconds), []) }
        for (count, value) in candidates.prefix(Self.mostCandidates).enumerated() {
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

    func result(of elicitation: Elicitation, in session: SessionGrant, now: Timestamp) -> ElicitationResultBody? {
        guard let content = services.vault.content(of: elicitation) else { return nil }
        return { ["content": .object(content)] }
    }

    static func outcomeText(for end: ElicitationEnd) -> ElicitationOutcomeText {
        let server = end.serverName
        return switch (end.status, end.isJustNow) {
        case (.completed, true): .init("Answer sent", "Only \(server) can collect what you entered. The app cannot.")
        case (.declined, true): .init("Declined", "Gatehouse tells \(server) that you declined. Nothing was sent.")
        case (.completed, false):
            .init("Answer already sent", "You already sent your answer. Opening the request again changes nothing.")
        case (.declined, false):
            .init("Already declined", "You already declined this request. Opening it again changes nothing.")
        case (.expired, _):
            .init("Request expired", "You did not answer in time. Nothing was sent; \(server) can ask again.")
        case (.cancelled, _): .init("Request cancelled", "\(server) no longer waits for your answer. Nothing was sent.")
        case (.failed, _), (.pending, _), (.opened, _):
            .init("Request failed", "The request of \(server) failed. Nothing was sent.")
        }
    }

    static let completedWord = "Sent"
}

extension RequestedSchema: ElicitationSection {}
