import JOSE
package import OAuth
import Storage

/// The user goes on to a page of the MCP server with a ticket that names the user there; the MCP server reports the
/// outcome.
struct ExternalElicitation: ElicitationStrategy {
    /// How long a ticket can be redeemed, in seconds: as long as a browser needs from one page to the next.
    private static let ticketLifetime: Int64 = 60

    init(_ services: ElicitationServices) {}

    static func refusal(
        of ask: ExternalRequest, by resource: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) -> OAuthError? {
        guard !policy.externalHosts.contains(ask.url.host) else { return nil }
        return OAuthError(.accessDenied, "This MCP server may not send users to \(ask.url.host); ask its operator.")
    }

    static func section(
        _ ask: ExternalRequest, of elicitation: Elicitation, in transaction: Transaction
    ) -> (any ElicitationSection)? {
        ExternalSite(url: ask.url, isThere: elicitation.ticketRedeemedAt != nil)
    }

    /// A user who has arrived at the external site goes there again only by starting over, so that no button pressed twice and no
    /// page from before takes the arrival away.
    static func obstacle(
        to decision: ElicitationPageEndpoint.Decision, on elicitation: Elicitation
    ) -> ElicitationPageEndpoint.Problem? {
        decision == .approve && elicitation.ticketRedeemedAt != nil ? .isThere : nil
    }

    /// Sends the user on with a new ticket. The earlier ticket is void, and so is an arrival with it: the MCP server can report nothing
    /// before the user has arrived again.
    func approval(
        _ ask: ExternalRequest, of elicitation: Elicitation, by person: SignedIn, in browser: Browser, form: Parameters,
        now: Timestamp
    ) -> ElicitationApproval {
        { transaction in
            // The operator may have removed the host since the elicitation was created.
            guard try transaction.resources.policy(of: elicitation.resourceID).externalHosts.contains(ask.url.host)
            else { return .finish(.failed(.notAllowed)) }
            let ticket = Random.token()
            guard
                try transaction.elicitations.setTicket(
                    .sha256(ticket), of: elicitation.id, expiresAt: now + Self.ticketLifetime, now: now)
            else { throw OAuthError(.serverError, "Try again in a moment.", reason: "no ticket could be stored") }
            try transaction.audit.append(
                AuditEntry(
                    .elicitationHandedOver, at: now, actor: .person(person.user.id), user: person.user.id,
                    client: elicitation.clientID, resource: elicitation.resourceID, session: elicitation.sessionID,
                    reason: elicitation.ticketRedeemedAt == nil ? nil : "started over", initiator: .human,
                    correlation: elicitation.id.string))
            return .redirect(.externalSite(ask.url.carrying(ticket: ticket)))
        }
    }

    static let isReported = true

    func result(of elicitation: Elicitation, in session: SessionGrant, now: Timestamp) -> ElicitationResultBody? {
        guard let reporter = elicitation.reportedBy else { return nil }
        return {
            ["outcome": .string(ElicitationStatus.completed.rawValue), "reported_by": .string(reporter)]
        }
    }

    static func outcomeText(for end: ElicitationEnd) -> ElicitationOutcomeText {
        let server = end.serverName
        return switch (end.status, end.isJustNow) {
        case (.declined, true): .init("Declined", "Gatehouse tells \(server) that you declined. Nothing was done.")
        case (.completed, _): .init("Request completed", "\(server) reported that the request is completed.")
        case (.declined, false):
            .init("Already declined", "You already declined this request. Opening it again changes nothing.")
        case (.expired, _): .init("Request expired", "You did not finish in time; \(server) can ask again.")
        case (.cancelled, _): .init("Request cancelled", "\(server) no longer waits for your answer.")
        case (.failed, _), (.pending, _), (.opened, _):
            .init("Request failed", "The request of \(server) failed; \(server) can ask again.")
        }
    }

    static let completedWord = "Completed"
}

/// The section of the page that names the external site.
package struct ExternalSite: ElicitationSection {
    /// The URL without a ticket.
    package let url: ExternalURL
    /// Whether the user has arrived there.
    package let isThere: Bool
}
