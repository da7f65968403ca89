import JOSE
import OAuth
import Storage

extension ElicitationPageEndpoint {
    /// Seconds in which a ticket can be redeemed: as long as a browser needs from one page to the next.
    private static let ticketLifetime: Int64 = 60

    /// Lets a person go on to the MCP server's page with a new ticket, or not. Who is there already ends it there.
    func take(
        _ decision: String, to url: ExternalURL, for question: ElicitationQuestion, of asked: Elicitation,
        by person: SignedIn, in transaction: Transaction, now: Timestamp
    ) throws -> View {
        guard !question.isThere else { return .again(question, problem: .isThere) }
        switch decision {
        case "decline": return try finish(asked, as: .declined(by: person.user.id), in: transaction, now: now)
        case "approve":
            // What was allowed when it was asked may be forbidden by now.
            guard try transaction.policy(of: asked.resourceID).externalHosts.contains(url.host) else {
                return try finish(asked, as: .failed(reason: "not_allowed"), in: transaction, now: now)
            }
            let ticket = Random.token()
            guard
                try transaction.setTicket(
                    .sha256(ticket), of: asked.id, expiresAt: now + Self.ticketLifetime, now: now)
            else { throw OAuthError(.serverError, "Try again in a moment.", reason: "no ticket could be made") }
            try transaction.audit(
                AuditEntry(
                    .elicitationHandedOver, at: now, actor: .person(person.user.id), user: person.user.id,
                    client: asked.clientID, resource: asked.resourceID, session: asked.sessionID, initiator: .human,
                    correlation: asked.id.string))
            return .onward(url.carrying(ticket: ticket), comesBack: false)
        default: return .again(question, problem: .noDecision)
        }
    }
}
