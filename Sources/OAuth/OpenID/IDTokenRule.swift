import JOSE

/// The claims that an ID token must have: one that proves a sign-in that this server began, or one that renews what it said.
///
/// Spec: OpenID Connect Core §3.1.3.7
/// Spec: OpenID Connect Core §12.2
package struct IDTokenRule: Sendable {
    /// The longest time since the token was issued, in seconds: it comes straight from the token endpoint.
    static let longestAge: Int64 = 600
    /// How far the provider's clock may differ, in seconds.
    package static let clockSkew: Int64 = 60
    static let longestText = 255

    private let issuer: OpenIDIssuer
    private let client: String
    private let nonce: String
    /// The account of a renewed token, whose nonce may be absent; nil for the token of a sign-in.
    private let renewedSubject: String?
    private let accessToken: String?

    /// A rule for the sign-in with this nonce. `accessToken` is the token that came with the ID token.
    package init(issuer: OpenIDIssuer, client: String, nonce: String, accessToken: String?) {
        self.issuer = issuer
        self.client = client
        self.nonce = nonce
        self.accessToken = accessToken
        renewedSubject = nil
    }

    /// A rule for the token that came with a refresh. It is about the account of the sign-in with this nonce, and need not repeat the
    /// nonce.
    package init(
        renewing subject: String, issuer: OpenIDIssuer, client: String, nonce: String, accessToken: String?
    ) {
        self.issuer = issuer
        self.client = client
        self.nonce = nonce
        self.accessToken = accessToken
        renewedSubject = subject
    }

    /// Checks the claims of a token whose signature is valid.
    func check(
        _ claims: JSONObject, _ algorithm: SignatureAlgorithm, now: Timestamp
    ) throws(OpenIDTokenFault) -> IDTokenClaims {
        try Self.checkIssuer(claims, issuer, client)
        try Self.checkTimes(claims, now)
        try checkNonce(claims)
        try checkAccessToken(claims, algorithm)
        let subject = try Self.text(claims[.subject], else: .noSubject)
        guard renewedSubject.map({ $0.utf8.elementsEqual(subject.utf8) }) ?? true else { throw .otherSubject }
        return try IDTokenClaims(claims, issuer: issuer, subject: subject, now: now)
    }

    /// Checks issuer and audience, which are the same for every token of a provider.
    static func checkIssuer(
        _ claims: JSONObject, _ issuer: OpenIDIssuer, _ client: String
    ) throws(OpenIDTokenFault) {
        guard issuer.matches(claims[.issuer]?.string) else { throw .otherIssuer }
        let audience = claims[.audience]
        let named = audience?.strings ?? audience?.string.map { [$0] } ?? []
        guard named.contains(where: { $0.utf8.elementsEqual(client.utf8) }) else { throw .otherAudience }
        // Further audiences are accepted if the token names this client as the one that it was issued to: it comes from the token
        // endpoint for a nonce of this browser.
        let party = claims[OpenIDClaim.authorizedParty]
        guard party != nil || named.count == 1 else { throw .otherAuthorizedParty }
        if let party, !(party.string?.utf8.elementsEqual(client.utf8) ?? false) { throw .otherAuthorizedParty }
    }

    /// Checks the times, which are the same for every token of a provider.
    static func checkTimes(_ claims: JSONObject, _ now: Timestamp) throws(OpenIDTokenFault) {
        guard let expiresAt = Timestamp(numericDate: claims[.expiresAt]), now < expiresAt + clockSkew else {
            throw .expired
        }
        guard let issuedAt = Timestamp(numericDate: claims[.issuedAt]), issuedAt <= now + clockSkew,
            now - issuedAt <= longestAge
        else { throw .notFresh }
        if let value = claims[.notBefore] {
            guard let notBefore = Timestamp(numericDate: value), notBefore <= now + clockSkew else {
                throw .notYetValid
            }
        }
    }

    /// A text of 1 to 255 bytes without control characters.
    static func text(_ claim: JSON?, else fault: OpenIDTokenFault) throws(OpenIDTokenFault) -> String {
        guard let text = claim?.string, (1...longestText).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw fault }
        return text
    }

    private func checkNonce(_ claims: JSONObject) throws(OpenIDTokenFault) {
        if renewedSubject != nil, claims[OpenIDClaim.nonce] == nil { return }
        guard let answered = claims[OpenIDClaim.nonce]?.string,
            ConstantTime.equal(Array(answered.utf8), Array(nonce.utf8))
        else { throw .otherNonce }
    }

    /// Spec: OpenID Connect Core §3.1.3.8
    private func checkAccessToken(_ claims: JSONObject, _ algorithm: SignatureAlgorithm) throws(OpenIDTokenFault) {
        guard let stated = claims[OpenIDClaim.accessTokenHash] else { return }
        guard let hash = stated.string, let accessToken,
            ConstantTime.equal(Array(hash.utf8), Array(TokenHash.of(accessToken, for: algorithm).utf8))
        else { throw .otherAccessToken }
    }
}

/// The names of claims that only OpenID providers send.
///
/// Spec: OpenID Connect Core §5.1
enum OpenIDClaim: String {
    case nonce
    case authorizedParty = "azp"
    case accessTokenHash = "at_hash"
    case methods = "amr"
    case name
    case preferredUsername = "preferred_username"
    case email
    case isEmailVerified = "email_verified"
    /// The Google Workspace domain of the account.
    case hostedDomain = "hd"
    case events
    /// Claims that are kept elsewhere, because the token would be too large (OpenID Connect Core §5.6.2).
    case claimNames = "_claim_names"
    /// Entra ID's sign that a token has too many groups, where it cannot name another place for them.
    case hasGroups = "hasgroups"
}

extension JSONObject {
    subscript(name: OpenIDClaim) -> JSON? { self[name.rawValue] }
}
