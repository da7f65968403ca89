import JOSE
import OAuth
import Storage

/// A person approves one described action; the MCP server gets a signed approval that names it.
struct ConfirmElicitation: ElicitationStrategy {
    let services: ElicitationServices

    init(_ services: ElicitationServices) { self.services = services }

    static func refusal(
        of ask: ConfirmRequest, by asker: ResourceID, policy: ResourcePolicy, in transaction: Transaction
    ) -> OAuthError? { nil }

    static func part(
        _ ask: ConfirmRequest, of asked: Elicitation, in transaction: Transaction
    ) -> (any ElicitationSection)? { ask.action }

    func approval(
        _ ask: ConfirmRequest, of asked: Elicitation, by person: SignedIn, in browser: Browser, form: Parameters,
        now: Timestamp
    ) -> ElicitationApproval {
        { _ in .finish(.completed(by: person.user.id, authTime: person.login.authTime)) }
    }

    /// The approval is signed after it was spent.
    func result(of asked: Elicitation, in session: SessionGrant, now: Timestamp) -> ElicitationResultBody? {
        guard let action = asked.ask(ConfirmRequest.self)?.action else { return nil }
        let claims = ApprovalClaims(
            issuer: services.issuer, subject: session.subject, audience: session.resource,
            clientID: session.clientID, sessionID: session.id, elicitation: asked.id, action: action.name,
            digest: asked.digest, tokenID: Random.token(16), issuedAt: now,
            expiresAt: now + ApprovalClaims.lifetime, authTime: asked.authTime ?? session.authTime)
        return { [keys = services.keys] in
            [
                "approval": .string(
                    try JWT.sign(
                        typ: ApprovalClaims.type, claims: claims.claims,
                        with: keys.signing(.events, at: now.seconds)))
            ]
        }
    }

    static func words(for end: ElicitationEnd) -> ElicitationOutcomeText {
        let asker = end.asker
        return switch (end.status, end.isJustNow) {
        case (.completed, true): .init("Approved", "Gatehouse tells \(asker) that you approved this one action.")
        case (.declined, true): .init("Declined", "Gatehouse tells \(asker) that you declined. Nothing was approved.")
        case (.completed, false):
            .init("Already approved", "You already approved this action. Opening the request again changes nothing.")
        case (.declined, false):
            .init("Already declined", "You already declined this action. Opening the request again changes nothing.")
        case (.expired, _):
            .init("Request expired", "You did not answer in time. Nothing was approved; \(asker) can ask again.")
        case (.cancelled, _):
            .init("Request cancelled", "\(asker) no longer waits for your answer. Nothing was approved.")
        case (.failed, _), (.pending, _), (.opened, _):
            .init("Request failed", "The request of \(asker) failed. Nothing was approved.")
        }
    }

    static let completedWord = "Approved"

    /// The action, as it is the part that was approved.
    static func subjectMatter(of asked: Elicitation) -> String {
        asked.ask(ConfirmRequest.self)?.action.summary ?? asked.message
    }
}

extension ElicitationAction: ElicitationSection {}
