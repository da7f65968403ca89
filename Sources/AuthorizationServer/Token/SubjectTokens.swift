import JOSE
import OAuth
import Storage

/// Finds the person behind an access token that an MCP server shows: its own, live, and of somebody.
struct SubjectTokens: Sendable {
    let reader: AccessTokenReader
    let standing: StandingRule

    /// What the token says, if this server signed it; reads no database.
    func claims(of token: String, now: Timestamp) -> AccessTokenClaims? { reader.claims(of: token, now: now) }

    /// The session that the token belongs to, if it is a live one of a person at this very MCP server. The order is
    /// policy: signature and age, whose it is, and only then whether it may still be used.
    func session(
        of claims: AccessTokenClaims?, for asker: Resource, in transaction: Transaction, now: Timestamp
    ) throws -> SessionGrant? {
        guard let claims, now < claims.expiresAt, claims.audience == asker.identifier,
            let session = try transaction.sessions.grant(claims.sessionID), session.resourceID == asker.id,
            session.subject == claims.subject,
            try standing.standing(of: session, in: transaction, now: now) == .good
        else { return nil }
        return session
    }

    /// The refusal of a subject token that proves no live session at the MCP server.
    static let invalid = OAuthError(
        .invalidSubjectToken,
        "The subject_token must be a live access token of a user for this MCP server; ask the client for a new one.")
}
