import JOSE
import OAuth
import Storage

/// One kind of elicitation: everything in which it differs from the other kinds.
///
/// The endpoints keep what no kind may skip: the authentication of the MCP server and of the user, the check that the
/// elicitation is open, the transaction, the event and the audit record. A kind is asked only after those checks.
protocol ElicitationStrategy: Sendable {
    /// The request of this kind.
    associatedtype Ask: ElicitationKindRequest

    /// Makes the strategy with its services.
    init(_ services: ElicitationServices)

    // Creation

    /// The refusal of an MCP server that may not ask this now; nil if it may.
    static func refusal(
        of ask: Ask, by resource: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) throws -> OAuthError?

    /// Whether a completed elicitation still answers a new request that asks the same.
    static func isStillAnswered(_ completed: Elicitation, in transaction: Transaction) throws -> Bool

    // The page

    /// Whether the page requires a recent sign-in.
    static var needsFreshSignIn: Bool { get }

    /// The section of the page for this request; nil if the request is not allowed any more.
    static func section(
        _ ask: Ask, of elicitation: Elicitation, in transaction: Transaction
    ) throws -> (any ElicitationSection)?

    // The decision

    /// The reason why the page cannot take this decision; nil if it can.
    static func obstacle(
        to decision: ElicitationPageEndpoint.Decision, on elicitation: Elicitation
    ) -> ElicitationPageEndpoint.Problem?

    /// Prepares the approval outside of the transaction, where passwords are compared, and returns its part inside.
    func approval(
        _ ask: Ask, of elicitation: Elicitation, by person: SignedIn, in browser: Browser, form: Parameters,
        now: Timestamp
    ) async throws -> ElicitationApproval

    // The result

    /// Whether the result counts only from its acknowledgement on, which then needs a session in force.
    static var countsOnceAcknowledged: Bool { get }

    /// Whether the MCP server reports the outcome, which happens on its own page.
    static var isReported: Bool { get }

    /// The result of a completed elicitation; nil if there is none that can be opened.
    func result(of elicitation: Elicitation, in session: SessionGrant, now: Timestamp) throws -> ElicitationResultBody?

    /// The context that the sealed content of the row is bound to, so that it opens in no other place.
    static func sealingContext(of id: ElicitationID) -> String

    // The text

    /// The text of the page after the end.
    static func outcomeText(for end: ElicitationEnd) -> ElicitationOutcomeText

    /// The word for a completed elicitation on the account page.
    static var completedWord: String { get }

    /// The line that describes the elicitation on the account page.
    static func subjectMatter(of elicitation: Elicitation) -> String
}

extension ElicitationStrategy {
    static func isStillAnswered(_ completed: Elicitation, in transaction: Transaction) throws -> Bool { true }
    static var needsFreshSignIn: Bool { false }
    /// Only a step on another site can be begun anew.
    static func obstacle(
        to decision: ElicitationPageEndpoint.Decision, on elicitation: Elicitation
    ) -> ElicitationPageEndpoint.Problem? { decision == .restart ? .noDecision : nil }
    static var countsOnceAcknowledged: Bool { false }
    static var isReported: Bool { false }
    static func sealingContext(of id: ElicitationID) -> String { ConnectionVault.contentContext(id) }
    static func subjectMatter(of elicitation: Elicitation) -> String { elicitation.message }
}

// The endpoints hold elicitations of any kind and call these; each hands its own kind's request to the strategy.
extension ElicitationStrategy {
    static func refusal(
        of draft: ElicitationDraft, by resource: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) throws -> OAuthError? {
        guard let ask = draft.ask as? Ask else {
            throw OAuthError(
                .serverError, "Try again later.", reason: "\(Self.self) received a request of another kind")
        }
        return try refusal(of: ask, by: resource, policy: policy, in: transaction)
    }

    static func content(of elicitation: Elicitation, in transaction: Transaction) throws -> ElicitationContent {
        guard let ask = elicitation.ask(Ask.self) else { return .failure(.notReadable) }
        return try section(ask, of: elicitation, in: transaction).map { .section($0) } ?? .failure(.notAllowed)
    }

    /// Nil when this version cannot read the request; such an elicitation has no page to be approved on.
    func approval(
        of elicitation: Elicitation, by person: SignedIn, in browser: Browser, form: Parameters, now: Timestamp
    ) async throws -> ElicitationApproval? {
        guard let ask = elicitation.ask(Ask.self) else { return nil }
        return try await approval(ask, of: elicitation, by: person, in: browser, form: form, now: now)
    }
}

/// The part of the page that belongs to one kind, beside the MCP server and the client.
package protocol ElicitationSection: Sendable {}

/// What the page of an open elicitation can show.
enum ElicitationContent: Sendable {
    /// The section of the page for this request.
    case section(any ElicitationSection)
    /// Nothing: the elicitation has to fail.
    case failure(ElicitationFailure)
}

/// The part of an approval that runs in the transaction, after the endpoint checked that this user may decide.
typealias ElicitationApproval = @Sendable (Transaction) throws -> ElicitationStep

/// What an approval leads to.
enum ElicitationStep: Sendable {
    /// The elicitation ends with this outcome.
    case finish(ElicitationOutcome)
    /// The elicitation stays open, and the browser goes on to another site.
    case redirect(ElicitationDestination)
    /// The page is shown again with a problem.
    case retry(ElicitationPageEndpoint.Problem)
    /// The page is shown again with the submitted values.
    case corrections(SubmittedForm)
}

/// The site that the browser goes on to after an approval.
package enum ElicitationDestination: Sendable {
    /// The authorization endpoint of a provider, which sends the browser back to this server.
    case provider(String)
    /// The page of the MCP server, with a ticket. The browser does not come back.
    case externalSite(String)
}

/// Makes the members of a result besides `id` and `kind`. It runs after the transaction that hands the result out.
typealias ElicitationResultBody = @Sendable () throws -> JSONObject

/// The text of a page after the end of an elicitation.
package struct ElicitationOutcomeText: Sendable {
    /// The heading of the page, without a full stop.
    package let title: String
    /// Sentences below the heading.
    package let explanation: String

    init(_ title: String, _ explanation: String) {
        self.title = title
        self.explanation = explanation
    }
}
