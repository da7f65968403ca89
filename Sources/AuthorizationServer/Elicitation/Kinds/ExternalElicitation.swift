import JOSE
package import OAuth
import Storage

/// A person goes on to a page of the MCP server's with a ticket that names them there; the MCP server reports the outcome.
struct ExternalElicitation: ElicitationStrategy {
    /// Seconds in which a ticket can be redeemed: as long as a browser needs from one page to the next.
    private static let ticketLifetime: Int64 = 60

    init(_ services: ElicitationServices) {}

    static func refusal(
        of ask: ExternalRequest, by asker: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) -> OAuthError? {
        guard !policy.externalHosts.contains(ask.url.host) else { return nil }
        return OAuthError(.accessDenied, "This MCP server may not send people to \(ask.url.host); ask its operator.")
    }

    static func part(
        _ ask: ExternalRequest, of asked: Elicitation, in transaction: Transaction
    ) -> (any ElicitationSection)? {
        ExternalSite(url: ask.url, isThere: asked.ticketRedeemedAt != nil)
    }

    /// Who is there already ends it there.
    static func obstacle(to asked: Elicitation) -> ElicitationPageEndpoint.Problem? {
        asked.ticketRedeemedAt == nil ? nil : .isThere
    }

    /// Lets the person go on with a new ticket.
    func approval(
        _ ask: ExternalRequest, of asked: Elicitation, by person: SignedIn, in browser: Browser, form: Parameters,
        now: Timestamp
    ) -> ElicitationApproval {
        { transaction in
            // What was allowed when it was asked may be forbidden by now.
            guard try transaction.resources.policy(of: asked.resourceID).externalHosts.contains(ask.url.host) else {
                return .finish(.failed(reason: "not_allowed"))
            }
            let ticket = Random.token()
            guard
                try transaction.elicitations.setTicket(
                    .sha256(ticket), of: asked.id, expiresAt: now + Self.ticketLifetime, now: now)
            else { throw OAuthError(.serverError, "Try again in a moment.", reason: "no ticket could be made") }
            try transaction.audit.append(
                AuditEntry(
                    .elicitationHandedOver, at: now, actor: .person(person.user.id), user: person.user.id,
                    client: asked.clientID, resource: asked.resourceID, session: asked.sessionID, initiator: .human,
                    correlation: asked.id.string))
            return .onward(ask.url.carrying(ticket: ticket), comesBack: false)
        }
    }

    static let isReported = true

    func result(of asked: Elicitation, in session: SessionGrant, now: Timestamp) -> ElicitationResultBody? {
        guard let reporter = asked.reportedBy else { return nil }
        return {
            ["outcome": .string(ElicitationStatus.completed.rawValue), "reported_by": .string(reporter)]
        }
    }

    static func words(for end: ElicitationEnd) -> ElicitationOutcomeText {
        let asker = end.asker
        return switch (end.status, end.isJustNow) {
        case (.declined, true): .init("Declined", "Gatehouse tells \(asker) that you declined. Nothing was done.")
        case (.completed, _): .init("Request completed", "\(asker) reported that the request is completed.")
        case (.declined, false):
            .init("Already declined", "You already declined this request. Opening it again changes nothing.")
        case (.expired, _): .init("Request expired", "You did not finish in time; \(asker) can ask again.")
        case (.cancelled, _): .init("Request cancelled", "\(asker) no longer waits for your answer.")
        case (.failed, _), (.pending, _), (.opened, _):
            .init("Request failed", "The request of \(asker) failed; \(asker) can ask again.")
        }
    }

    static let completedWord = "Completed"
}

/// The other site to which the person goes, for the page.
package struct ExternalSite: ElicitationSection {
    package let url: ExternalURL
    /// The person has arrived there.
    package let isThere: Bool
}
