import JOSE
import OAuth
import Storage

/// One kind of elicitation: everything in which it differs from the others.
///
/// The endpoints keep what no kind may skip: who asks, who answers and in which sign-in, whether the elicitation is open, the
/// transaction, the event and the record. A kind is asked only after that is settled.
protocol ElicitationStrategy: Sendable {
    /// What an MCP server asks by this kind.
    associatedtype Ask: ElicitationKindRequest

    /// The kind with what it works with.
    init(_ services: ElicitationServices)

    // Asking

    /// Why this MCP server may not ask this now; nil when it may.
    static func refusal(
        of ask: Ask, by asker: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) throws -> OAuthError?

    /// Whether a completed one still answers a request that asks the same.
    static func stands(_ completed: Elicitation, in transaction: Transaction) throws -> Bool

    // The page

    /// Whether the page wants a recent sign-in.
    static var needsFreshSignIn: Bool { get }

    /// What the page shows of it; nil when nobody could do any more what it asks, because it is not allowed by now.
    static func part(
        _ ask: Ask, of asked: Elicitation, in transaction: Transaction
    ) throws -> (any ElicitationSection)?

    // The decision

    /// Why it cannot be decided on its page; nil when it can.
    static func obstacle(to asked: Elicitation) -> ElicitationPageEndpoint.Problem?

    /// Prepares the approval outside of the transaction, where passwords are compared, and returns what it does inside.
    func approval(
        _ ask: Ask, of asked: Elicitation, by person: SignedIn, in browser: Browser, form: Parameters, now: Timestamp
    ) async throws -> ElicitationApproval

    // The result

    /// Whether the result can be read again until the MCP server acknowledges it, instead of being spent by the first read.
    static var isReadUntilAcknowledged: Bool { get }

    /// Whether the MCP server reports the outcome, which happens on a page of its own.
    static var isReported: Bool { get }

    /// The result of a completed one; nil when there is none that can be opened.
    func result(of asked: Elicitation, in session: SessionGrant, now: Timestamp) throws -> ElicitationResultBody?

    /// What the sealed content of its row is bound to.
    static func sealingContext(of id: ElicitationID) -> String

    // The words

    /// What the page says of one that is over.
    static func words(for end: ElicitationEnd) -> ElicitationOutcomeText

    /// How the account page calls one that the person completed.
    static var completedWord: String { get }

    /// What the account page says that it was about.
    static func subjectMatter(of asked: Elicitation) -> String
}

extension ElicitationStrategy {
    static func stands(_ completed: Elicitation, in transaction: Transaction) throws -> Bool { true }
    static var needsFreshSignIn: Bool { false }
    static func obstacle(to asked: Elicitation) -> ElicitationPageEndpoint.Problem? { nil }
    static var isReadUntilAcknowledged: Bool { false }
    static var isReported: Bool { false }
    static func sealingContext(of id: ElicitationID) -> String { ConnectionVault.contentContext(id) }
    static func subjectMatter(of asked: Elicitation) -> String { asked.message }
}

/// What the page shows of one kind's request, besides who asks and by which app.
package protocol ElicitationSection: Sendable {}

/// What an approval does in the transaction, once the endpoint has found that this person may decide.
typealias ElicitationApproval = @Sendable (Transaction) throws -> ElicitationStep

/// What comes of an approval.
enum ElicitationStep: Sendable {
    /// The elicitation ends.
    case finish(ElicitationOutcome)
    /// The person goes on to this address, and perhaps comes back from there.
    case onward(String, comesBack: Bool)
    /// The page is shown again.
    case again(ElicitationPageEndpoint.Problem)
    /// The page is shown again with what was filled in.
    case correct(SubmittedForm)
}

/// Makes the members of a result besides `id` and `kind`, after the result was spent.
typealias ElicitationResultBody = @Sendable () throws -> JSONObject

/// What a page says of an elicitation that is over.
package struct ElicitationOutcomeText: Sendable {
    package let title: String
    package let explanation: String

    init(_ title: String, _ explanation: String) {
        self.title = title
        self.explanation = explanation
    }
}

/// What became of what a page would show.
enum ElicitationView: Sendable {
    case part(any ElicitationSection)
    /// The elicitation fails for this reason.
    case failed(reason: String)
}

// What the endpoints call: they hold elicitations of any kind.
extension ElicitationStrategy {
    static func refusal(
        of draft: ElicitationDraft, by asker: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) throws -> OAuthError? {
        guard let ask = draft.ask as? Ask else {
            throw OAuthError(.serverError, "Try again later.", reason: "\(Self.self) cannot judge another kind")
        }
        return try refusal(of: ask, by: asker, policy: policy, in: transaction)
    }

    static func view(of asked: Elicitation, in transaction: Transaction) throws -> ElicitationView {
        guard let ask = asked.ask(Ask.self) else { return .failed(reason: "not_readable") }
        return try part(ask, of: asked, in: transaction).map { .part($0) } ?? .failed(reason: "not_allowed")
    }

    /// Nil when what was asked cannot be read any more; nobody is shown such a page.
    func approval(
        of asked: Elicitation, by person: SignedIn, in browser: Browser, form: Parameters, now: Timestamp
    ) async throws -> ElicitationApproval? {
        guard let ask = asked.ask(Ask.self) else { return nil }
        return try await approval(ask, of: asked, by: person, in: browser, form: form, now: now)
    }
}
