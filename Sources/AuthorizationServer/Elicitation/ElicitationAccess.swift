import OAuth
import Storage

/// What the endpoints for MCP servers share: it authenticates the MCP server, finds that server's own elicitations and
/// reports them. The elicitation of another MCP server is answered like one that does not exist.
struct ElicitationAccess: Sendable {
    let issuer: Issuer
    let store: Store
    let authentication: ResourceAuthentication
    let subjects: SubjectTokens
    let services: ElicitationServices
    let signer: EventSigner
    let clock: WallClock

    /// The rule that says whether a session may be used.
    var standing: StandingRule { subjects.standing }

    /// An elicitation and the event of its final status; no event while the elicitation is open.
    struct ElicitationWithEvent: Sendable {
        let elicitation: Elicitation
        let event: SecurityEvent?

        init(_ elicitation: Elicitation, in transaction: Transaction) throws {
            self.elicitation = elicitation
            event = elicitation.status.isFinal ? try transaction.events.find(of: elicitation.id)?.event : nil
        }
    }

    /// The elicitation with this id if it belongs to `resource`; nil otherwise.
    func find(_ id: ElicitationID?, of resource: ResourceID, in transaction: Transaction) throws -> Elicitation? {
        guard let id, let elicitation = try transaction.elicitations.find(id), elicitation.resourceID == resource else {
            return nil
        }
        return elicitation
    }

    /// The session of an elicitation if it may still be used; nil once it ended or its client is blocked.
    func session(of elicitation: Elicitation, in transaction: Transaction, now: Timestamp) throws -> SessionGrant? {
        try standing.session(elicitation.sessionID, in: transaction, now: now)
    }

    /// The report that `resource` receives. The event is signed here, outside of the transaction: signing takes time
    /// that other writes would wait for.
    func report(
        _ current: ElicitationWithEvent, to resource: Resource, now: Timestamp
    ) throws -> ElicitationReport {
        let elicitation = current.elicitation
        return ElicitationReport(
            id: elicitation.id, kind: elicitation.kind, status: elicitation.status, version: elicitation.version,
            expiresAt: elicitation.expiresAt,
            event: try current.event.map { try signer.sign($0, for: resource.identifier, now: now) })
    }

    static let notFound = OAuthError(.notFound, "This MCP server has no elicitation with this id.")
    static let sessionEnded = OAuthError(
        .sessionEnded, "The session of this elicitation has ended; its result is void.")
    static let notCollectable = OAuthError(
        .alreadyCollected,
        "The result was already collected or has expired; create a new elicitation if you need it again.")
}

/// The endpoints that MCP servers call about their elicitations, one for each thing they do.
package struct ElicitationEndpoints: Sendable {
    /// Creates elicitations.
    package let creation: ElicitationCreationEndpoint
    /// Lists the open ones.
    package let list: ElicitationListEndpoint
    /// Reports the status and cancels.
    package let status: ElicitationStatusEndpoint
    /// Hands out results.
    package let result: ElicitationResultEndpoint
    /// Takes what MCP servers report about steps on their own pages.
    package let completion: ElicitationCompletionEndpoint

    init(_ access: ElicitationAccess, waitList: CommitWaitList<ElicitationID>) {
        creation = ElicitationCreationEndpoint(access: access)
        list = ElicitationListEndpoint(access: access)
        status = ElicitationStatusEndpoint(access: access, waitList: waitList)
        result = ElicitationResultEndpoint(access: access)
        completion = ElicitationCompletionEndpoint(access: access)
    }
}
