import JOSE
import OAuth
import Storage

/// Finds the session behind an access token that an MCP server presents.
struct SubjectTokens: Sendable {
    let reader: AccessTokenReader
    let standing: StandingRule

    /// The claims of a token that this server signed; nil for any other. Reads no database.
    func claims(of token: String, now: Timestamp) -> AccessTokenClaims? { reader.claims(of: token, now: now) }

    /// The session of the token, if the token is live, for this very MCP server, and its session is in good standing. The order is
    /// policy: signature and age, then the owner, and only then the standing.
    func session(
        of claims: AccessTokenClaims?, for asker: Resource, in transaction: Transaction, now: Timestamp
    ) throws -> SessionGrant? {
        guard let claims, now < claims.expiresAt, claims.audience == asker.identifier,
            let session = try transaction.sessions.grant(claims.sessionID), session.resourceID == asker.id,
            session.subject == claims.subject
        else { return nil }
        return try standing.standing(of: session, in: transaction, now: now).session
    }

    /// The refusal of a subject token that proves no live session at the MCP server.
    static let invalid = OAuthError(
        .invalidSubjectToken,
        "The subject_token must be a live access token of a user for this MCP server; ask the client for a new one.")

    /// The refusal of a subject token that has no user, where the request needs one.
    static let noUser = OAuthError(
        .noUser, "The subject_token belongs to a client that acts for itself, so there is no user to ask or act for."
    )
}
