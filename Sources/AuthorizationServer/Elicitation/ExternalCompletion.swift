package import JOSE
package import OAuth
import Storage

/// What came of a report about a step on an MCP server's own page.
package enum ExternalVerdict: Sendable {
    /// It is written down as what that MCP server reported, now or before.
    case recorded(ElicitationReport)
    /// The elicitation ended otherwise before.
    case ended(ElicitationStatus)
}

extension ElicitationEndpoint {
    /// Spends the ticket that a person brought and tells whose it is. Whatever is wrong with it, the answer is one.
    package func redeem(_ body: [UInt8], authorization: String?) async throws -> JSON {
        let now = clock.now()
        let asker = try await authentication.identify(authorization).id
        let ticket = try ReportedOutcome.ticket(json: try Self.object(body))
        let redeemed = try await store.write { transaction -> Elicitation? in
            guard let found = try transaction.elicitations.find(ticket: .sha256(ticket), resource: asker),
                try standing.settled(found, in: transaction, now: now).status.isOpen,
                try session(of: found, in: transaction, now: now) != nil,
                try transaction.elicitations.redeem(ticket: .sha256(ticket), resource: asker, now: now)
            else { return nil }
            try transaction.audit.append(
                AuditEntry(
                    .elicitationRedeemed, at: now, actor: .resource(asker), user: found.userID, client: found.clientID,
                    resource: asker, session: found.sessionID, initiator: .server, correlation: found.id.string))
            return found
        }
        guard let redeemed else {
            authentication.observer.observe(.refused(Self.noTicket))
            throw Self.noTicket
        }
        return [
            "id": .string(redeemed.id.string), "subject": .string(redeemed.subject.string),
            "client_id": .string(redeemed.clientID.string), "session_id": .string(redeemed.sessionID.string),
        ]
    }

    private enum Taken: Sendable {
        case recorded(Found)
        case ended(ElicitationStatus)
        case refused(OAuthError)
    }

    /// Takes the MCP server's word for how a step on its own page went; only for a person who arrived there.
    package func complete(_ text: String, _ body: [UInt8], authorization: String?) async throws -> ExternalVerdict {
        let now = clock.now()
        let asker = try await authentication.identify(authorization)
        let reported = try ReportedOutcome(json: try Self.object(body))
        let taken = try await store.write { transaction in
            try take(reported, about: ElicitationID(text), from: asker.id, in: transaction, now: now)
        }
        switch taken {
        case .recorded(let found): return .recorded(try report(found, to: asker, now: now))
        case .ended(let status): return .ended(status)
        case .refused(let error): throw error
        }
    }

    /// The order is policy: what is over is told as such, whether anybody arrived or not.
    private func take(
        _ reported: ReportedOutcome, about id: ElicitationID?, from asker: ResourceID, in transaction: Transaction,
        now: Timestamp
    ) throws -> Taken {
        guard let found = try Self.find(id, of: asker, in: transaction) else { return .refused(Self.unknown) }
        guard found.kind.strategy.isReported else { return .refused(Self.notReported) }
        let asked = try standing.settled(found, in: transaction, now: now)
        if asked.status.isFinal {
            // The same report once more: its first answer may have been lost.
            if asked.status == reported.status, asked.reportedBy != nil {
                return .recorded(try Found(asked, in: transaction))
            }
            return asked.reason == ElicitationOutcome.sessionEnded.reason ? .refused(Self.ended) : .ended(asked.status)
        }
        guard try session(of: asked, in: transaction, now: now) != nil else { return .refused(Self.ended) }
        guard asked.ticketRedeemedAt != nil else { return .refused(Self.notRedeemed) }
        let outcome = ElicitationOutcome.reported(reported.status, by: asker, reference: reported.reference)
        let done = try transaction.elicitations.finish(asked.id, as: outcome, now: now)
        return .recorded(try Found(done ?? asked, in: transaction))
    }

    private static let noTicket = OAuthError(
        .notFound, "This ticket is unknown, was used, is older than a minute, or was made for another MCP server.")
    private static let notReported = OAuthError(
        .invalidRequest, "Only an elicitation of the kind external is completed by its MCP server.")
    private static let notRedeemed = OAuthError(
        .notRedeemed, "Redeem the ticket first that the person brings to your page.")
}
