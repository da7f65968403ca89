import JOSE
import OAuth
import Storage

/// The user approves one described action; the MCP server receives a signed approval that names the action.
struct ConfirmElicitation: ElicitationStrategy {
    let services: ElicitationServices

    init(_ services: ElicitationServices) { self.services = services }

    static func refusal(
        of ask: ConfirmRequest, by resource: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) -> OAuthError? { nil }

    static func section(
        _ ask: ConfirmRequest, of elicitation: Elicitation, in transaction: Transaction
    ) -> (any ElicitationSection)? { ask.action }

    func approval(
        _ ask: ConfirmRequest, of elicitation: Elicitation, by person: SignedIn, in browser: Browser, form: Parameters,
        now: Timestamp
    ) -> ElicitationApproval {
        { _ in .finish(.completed(by: person.user.id, authTime: person.login.authTime)) }
    }

    /// An approval may be spent only while the session lasts.
    static let countsOnceAcknowledged = true

    /// The approval is signed after the transaction, so that a failed one leaves no signed approval behind. Every copy of it has the
    /// same `jti`, by which an MCP server recognizes an approval that it used before.
    func result(of elicitation: Elicitation, in session: SessionGrant, now: Timestamp) -> ElicitationResultBody? {
        guard let action = elicitation.ask(ConfirmRequest.self)?.action else { return nil }
        let claims = ApprovalClaims(
            issuer: services.issuer, subject: elicitation.subject, audience: session.resource,
            clientID: session.clientID, sessionID: session.id, elicitation: elicitation.id, action: action.name,
            digest: elicitation.digest, tokenID: Digest.sha256("approval \(elicitation.id)").base64URL, issuedAt: now,
            expiresAt: now + ApprovalClaims.lifetime, authTime: elicitation.authTime ?? session.authTime)
        return { [keys = services.keys] in
            [
                "approval": .string(
                    try JWT.sign(
                        typ: ApprovalClaims.type, claims: claims.claims,
                        with: keys.signing(.events, at: now.seconds)))
            ]
        }
    }

    static func outcomeText(for end: ElicitationEnd) -> ElicitationOutcomeText {
        let server = end.serverName
        return switch (end.status, end.isJustNow) {
        case (.completed, true): .init("Approved", "Gatehouse tells \(server) that you approved this one action.")
        case (.declined, true): .init("Declined", "Gatehouse tells \(server) that you declined. Nothing was approved.")
        case (.completed, false):
            .init("Already approved", "You already approved this action. Opening the request again changes nothing.")
        case (.declined, false):
            .init("Already declined", "You already declined this action. Opening the request again changes nothing.")
        case (.expired, _):
            .init("Request expired", "You did not answer in time. Nothing was approved; \(server) can ask again.")
        case (.cancelled, _):
            .init("Request cancelled", "\(server) no longer waits for your answer. Nothing was approved.")
        case (.failed, _), (.pending, _), (.opened, _):
            .init("Request failed", "The request of \(server) failed. Nothing was approved.")
        }
    }

    static let completedWord = "Approved"

    /// The summary of the action: it is what the user approved, and the message is only the sentence above it.
    static func subjectMatter(of elicitation: Elicitation) -> String {
        elicitation.ask(ConfirmRequest.self)?.action.summary ?? elicitation.message
    }
}

extension ElicitationAction: ElicitationSection {}
