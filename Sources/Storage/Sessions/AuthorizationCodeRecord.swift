package import JOSE
package import OAuth

/// A stored authorization code: its digest, and the client, redirect URI and PKCE challenge that it is bound to.
package struct AuthorizationCodeRecord: Hashable, Sendable {
    /// The number of wrong code verifiers that spend a code.
    package static let mostFailures = 3

    package let digest: Digest
    package let sessionID: SessionID
    package let interactionID: InteractionID
    package let clientID: ClientID
    /// The redirect URI to which the code was sent.
    package let redirectURI: String
    /// The PKCE challenge: a stolen code is worthless without its verifier.
    package let challenge: CodeChallenge
    /// The proof of possession that the redemption needs.
    package let proofDemand: ProofDemand
    package let expiresAt: Timestamp
    /// The number of wrong code verifiers so far.
    package let failures: Int
    /// When it was redeemed, or spent by wrong verifiers; nil before.
    package let spentAt: Timestamp?
    /// The digest of the request that redeemed it; nil before.
    package let redemption: Digest?

    /// A code in its stored form.
    package init(
        digest: Digest, sessionID: SessionID, interactionID: InteractionID, clientID: ClientID, redirectURI: String,
        challenge: CodeChallenge, proofDemand: ProofDemand = .nothing, expiresAt: Timestamp, failures: Int = 0,
        spentAt: Timestamp? = nil, redemption: Digest? = nil
    ) {
        self.digest = digest
        self.sessionID = sessionID
        self.interactionID = interactionID
        self.clientID = clientID
        self.redirectURI = redirectURI
        self.challenge = challenge
        self.proofDemand = proofDemand
        self.expiresAt = expiresAt
        self.failures = failures
        self.spentAt = spentAt
        self.redemption = redemption
    }
}

/// Authorization codes.
package struct AuthorizationCodes: Noun {
    let transaction: Transaction
}

extension AuthorizationCodes {
    /// The code of this digest, spent or not; nil once its session has ended.
    package func find(_ digest: Digest) throws -> AuthorizationCodeRecord? {
        try first(
            """
            SELECT digest, session_id, interaction_id, client_id, redirect_uri, challenge, expires_at, failures, spent_at,
                redemption, proof
            FROM codes WHERE digest = ?1
            """, digest.stored
        ) { row in
            try AuthorizationCodeRecord(
                digest: row.digest(0), sessionID: row.id(1), interactionID: row.id(2),
                clientID: ClientID(row.text(3)), redirectURI: row.text(4), challenge: CodeChallenge(row.text(5)),
                proofDemand: ProofDemand(stored: row.textIfAny(10)), expiresAt: row.time(6),
                failures: Int(row.integer(7)), spentAt: row.timeIfAny(8),
                redemption: row.digestIfAny(9))
        }
    }

    /// Counts a wrong code verifier against an unspent code and returns the number so far; the third spends the code, because
    /// nobody may guess at it.
    @discardableResult
    package func countFailure(_ digest: Digest, now: Timestamp) throws -> Int {
        try first(
            """
            UPDATE codes SET failures = failures + 1, spent_at = CASE WHEN failures + 1 >= ?3 THEN ?2 END
            WHERE digest = ?1 AND spent_at IS NULL RETURNING failures
            """, digest.stored, now.seconds, AuthorizationCodeRecord.mostFailures
        ) { Int(try $0.integer(0)) } ?? 0
    }

    /// Spends a code on the request with the digest `redemption`; false if it is spent or expired. Of two simultaneous
    /// requests one succeeds.
    package func spend(_ digest: Digest, on redemption: Digest? = nil, now: Timestamp) throws -> Bool {
        try execute(
            """
            UPDATE codes SET spent_at = ?2, redemption = ?3
            WHERE digest = ?1 AND spent_at IS NULL AND expires_at > ?2
            """, digest.stored, now.seconds, redemption?.stored) == 1
    }

    /// Counts a repetition of the request that redeemed a code; true for the first repetition only.
    package func countRepeat(_ digest: Digest) throws -> Bool {
        try execute(
            "UPDATE codes SET repeats = 1 WHERE digest = ?1 AND redemption IS NOT NULL AND repeats = 0", digest.stored)
            == 1
    }

    /// The number of codes that can be redeemed.
    package func openCount(now: Timestamp) throws -> Int64 {
        try first("SELECT count(*) FROM codes WHERE spent_at IS NULL AND expires_at > ?1", now.seconds) {
            try $0.integer(0)
        } ?? 0
    }

    /// Expires every unredeemed code and returns their number; the housekeeper expires their sessions.
    package func voidAll(now: Timestamp) throws -> Int {
        try execute("UPDATE codes SET expires_at = ?1 WHERE spent_at IS NULL AND expires_at > ?1", now.seconds)
    }

    func insert(_ code: AuthorizationCodeRecord) throws {
        try execute(
            """
            INSERT INTO codes (digest, session_id, interaction_id, client_id, redirect_uri, challenge, expires_at, proof)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """, code.digest.stored, code.sessionID.string, code.interactionID.string, code.clientID.string,
            code.redirectURI, code.challenge.string, code.expiresAt.seconds, code.proofDemand.stored)
    }
}
