import JOSE

/// The claims that a logout token of a provider must have.
///
/// Spec: OpenID Connect Back-Channel Logout §2.6
package struct LogoutTokenRule: Sendable {
    static let event = "http://schemas.openid.net/event/backchannel-logout"
    private static let longestTokenID = 256

    private let issuer: OpenIDIssuer
    private let client: String

    /// A rule for tokens of this issuer to the client of this id.
    package init(issuer: OpenIDIssuer, client: String) {
        self.issuer = issuer
        self.client = client
    }

    /// Checks the claims of a token whose signature is valid.
    func check(_ claims: JSONObject, now: Timestamp) throws(OpenIDTokenFault) -> LogoutTokenClaims {
        try IDTokenRule.checkIssuer(claims, issuer, client)
        try IDTokenRule.checkTimes(claims, now)
        guard claims[OpenIDClaim.events]?.object?[Self.event]?.object != nil else { throw .noLogoutEvent }
        // An ID token of the same provider would otherwise sign its user out.
        guard claims[OpenIDClaim.nonce] == nil else { throw .nonceInLogoutToken }
        guard let tokenID = claims[.tokenID]?.string, (1...Self.longestTokenID).contains(tokenID.utf8.count) else {
            throw .noTokenID
        }
        let subject = try claims[.subject].map { claim throws(OpenIDTokenFault) in
            try IDTokenRule.text(claim, else: .noSubject)
        }
        let session = try claims[.sessionID].map { claim throws(OpenIDTokenFault) in
            try IDTokenRule.text(claim, else: .malformedAuthentication)
        }
        guard subject != nil || session != nil else { throw .nobodyLoggedOut }
        guard let expiresAt = Timestamp(numericDate: claims[.expiresAt]) else { throw .expired }
        return LogoutTokenClaims(subject: subject, sessionID: session, tokenID: tokenID, expiresAt: expiresAt)
    }
}

/// Whom a verified logout token signs out.
///
/// Spec: OpenID Connect Back-Channel Logout §2.4
package struct LogoutTokenClaims: Hashable, Sendable {
    /// The account at the provider; nil if the token names only a session.
    package let subject: String?
    /// The session at the provider; nil for every session of the subject.
    package let sessionID: String?
    /// The identifier of the token, which is accepted once.
    package let tokenID: String
    /// When the token expires.
    package let expiresAt: Timestamp
}
