package import JOSE
package import OAuth
import Storage

/// The answer to an MCP server's report about a step on its own page.
package enum CompletionResult: Sendable {
    /// The outcome is recorded as reported by that MCP server, by this report or by an earlier equal one.
    case recorded(ElicitationReport)
    /// The elicitation already had another final status.
    case ended(ElicitationStatus)
}

/// Serves the MCP servers whose users finish an elicitation on a page of the MCP server: it redeems the ticket that a
/// user brings to that page and records the outcome that the MCP server reports.
package struct ElicitationCompletionEndpoint: Sendable {
    let access: ElicitationAccess

    /// Redeems a ticket and names its user. A wrong ticket gets the same answer whatever is wrong with it.
    package func redeem(_ body: [UInt8], authorization: String?) async throws -> JSON {
        let now = access.clock.now()
        let resource = try await access.authentication.identify(authorization).id
        let ticket = Digest.sha256(try ReportedOutcome.ticket(json: JSONObject(requestBody: body)))
        let redeemed = try await access.store.write { transaction -> Elicitation? in
            guard let elicitation = try transaction.elicitations.find(ticket: ticket, resource: resource),
                try access.standing.settled(elicitation, in: transaction, now: now).status.isOpen,
                try access.session(of: elicitation, in: transaction, now: now) != nil,
                try transaction.elicitations.redeem(ticket: ticket, resource: resource, now: now)
            else { return nil }
            try transaction.audit.append(
                AuditEntry(
                    .elicitationRedeemed, at: now, actor: .resource(resource), user: elicitation.userID,
                    client: elicitation.clientID, resource: resource, session: elicitation.sessionID,
                    initiator: .server, correlation: elicitation.id.string))
            return elicitation
        }
        guard let redeemed else { throw access.authentication.observed(Self.invalidTicket) }
        return [
            "id": .string(redeemed.id.string), "subject": .string(redeemed.subject.string),
            "client_id": .string(redeemed.clientID.string), "session_id": .string(redeemed.sessionID.string),
        ]
    }

    private enum Outcome: Sendable {
        case recorded(ElicitationAccess.ElicitationWithEvent)
        case ended(ElicitationStatus)
        case refused(OAuthError)
    }

    /// Records the reported outcome. The MCP server can report only about a user who has arrived at its page.
    package func complete(_ text: String, _ body: [UInt8], authorization: String?) async throws -> CompletionResult {
        let now = access.clock.now()
        let resource = try await access.authentication.identify(authorization)
        let reported = try ReportedOutcome(json: JSONObject(requestBody: body))
        let outcome = try await access.store.write { transaction in
            try record(reported, of: ElicitationID(text), from: resource.id, in: transaction, now: now)
        }
        switch outcome {
        case .recorded(let recorded): return .recorded(try access.report(recorded, to: resource, now: now))
        case .ended(let status): return .ended(status)
        case .refused(let error): throw error
        }
    }

    /// The order is policy: a final status is reported as such, whether or not the user arrived at the page.
    private func record(
        _ reported: ReportedOutcome, of id: ElicitationID?, from resource: ResourceID, in transaction: Transaction,
        now: Timestamp
    ) throws -> Outcome {
        guard let found = try access.find(id, of: resource, in: transaction) else {
            return .refused(ElicitationAccess.notFound)
        }
        guard found.kind.strategy.isReported else { return .refused(Self.isNotReported) }
        let current = try access.standing.settled(found, in: transaction, now: now)
        if current.status.isFinal {
            // An equal report is repeated when the answer to the first one was lost.
            if current.status == reported.status, current.reportedBy != nil {
                return .recorded(try .init(current, in: transaction))
            }
            return current.reason == ElicitationOutcome.sessionEnded.reason
                ? .refused(ElicitationAccess.sessionEnded) : .ended(current.status)
        }
        guard try access.session(of: current, in: transaction, now: now) != nil else {
            return .refused(ElicitationAccess.sessionEnded)
        }
        guard current.ticketRedeemedAt != nil else { return .refused(Self.ticketNotRedeemed) }
        let outcome = ElicitationOutcome.reported(reported.status, by: resource, reference: reported.reference)
        let finished = try transaction.elicitations.finish(current.id, as: outcome, now: now)
        return .recorded(try .init(finished ?? current, in: transaction))
    }

    private static let invalidTicket = OAuthError(
        .notFound, "This ticket is unknown, already redeemed, older than a minute or issued to another MCP server.")
    private static let isNotReported = OAuthError(
        .invalidRequest, "An MCP server reports the outcome only for elicitations of the kind external.")
    private static let ticketNotRedeemed = OAuthError(
        .notRedeemed, "Redeem the ticket that the user brings to your page before you report the outcome.")
}
