package import JOSE

/// The claims that an assertion must have to authenticate one client at this server.
///
/// Spec: RFC 7523 §3
/// Spec: RFC 10070 §4
package struct ClientAssertionRule: Sendable {
    /// The longest age of an assertion and the longest time until it expires, in seconds.
    package static let longestLife: Int64 = 600
    /// How far the clock of a client may be ahead, in seconds.
    package static let clockSkew: Int64 = 60
    static let longestTokenID = 256

    private let issuer: Issuer
    private let client: String
    private let acceptsTokenEndpoint: Bool

    /// A rule for the client of this id. `acceptsTokenEndpoint` admits the URL of the token endpoint as audience, for clients that
    /// send it and that an administrator named.
    package init(issuer: Issuer, client: String, acceptsTokenEndpoint: Bool = false) {
        self.issuer = issuer
        self.client = client
        self.acceptsTokenEndpoint = acceptsTokenEndpoint
    }

    /// Checks the claims of an assertion whose signature is valid.
    func check(_ claims: JSONObject, now: Timestamp) throws(ClientAssertionFault) -> VerifiedAssertion {
        guard matches(claims[.issuer], client), matches(claims[.subject], client) else { throw .otherClient }
        let namesTokenEndpoint = try checkAudience(claims[.audience])
        guard let expiresAt = Timestamp(numericDate: claims[.expiresAt]) else { throw .noExpiration }
        guard expiresAt > now else { throw .expired }
        guard expiresAt <= now + Self.longestLife else { throw .livesTooLong }
        try checkStart(claims, now)
        guard let tokenID = claims[.tokenID]?.string, (1...Self.longestTokenID).contains(tokenID.utf8.count) else {
            throw .noTokenID
        }
        return VerifiedAssertion(tokenID: tokenID, expiresAt: expiresAt, namesTokenEndpoint: namesTokenEndpoint)
    }

    /// An audience beside the issuer would let the server that it names use the assertion here. Returns whether the audience is the
    /// token endpoint.
    private func checkAudience(_ audience: JSON?) throws(ClientAssertionFault) -> Bool {
        let named = audience?.array ?? audience.map { [$0] } ?? []
        guard named.count == 1, let sole = named.first else { throw .otherAudience }
        if matches(sole, issuer.string) { return false }
        guard matches(sole, issuer.endpoint(AdvertisedEndpoint.token.path)) else { throw .otherAudience }
        guard acceptsTokenEndpoint else { throw .tokenEndpointAudience }
        return true
    }

    /// Checks when the assertion was issued and from when it is valid, if it says so.
    private func checkStart(_ claims: JSONObject, _ now: Timestamp) throws(ClientAssertionFault) {
        if let value = claims[.issuedAt] {
            guard let issuedAt = Timestamp(numericDate: value), issuedAt <= now + Self.clockSkew else {
                throw .notYetValid
            }
            guard now - issuedAt <= Self.longestLife else { throw .livesTooLong }
        }
        if let value = claims[.notBefore] {
            guard let notBefore = Timestamp(numericDate: value), notBefore <= now + Self.clockSkew else {
                throw .notYetValid
            }
        }
    }

    /// Whether a claim is exactly this text, byte by byte.
    private func matches(_ claim: JSON?, _ text: String) -> Bool {
        claim?.string?.utf8.elementsEqual(text.utf8) ?? false
    }
}

/// Why an assertion does not authenticate its client, for the log: the client receives the same response for every cause.
package enum ClientAssertionFault: Error, Hashable, CustomStringConvertible {
    /// Signature, header or form.
    case token(JWTError)
    /// `iss` or `sub` is not the client.
    case otherClient
    /// `aud` is not the issuer alone.
    case otherAudience
    /// `aud` is the token endpoint, which no administrator allowed for this client.
    case tokenEndpointAudience
    /// No usable `exp`.
    case noExpiration
    /// Expired.
    case expired
    /// `exp` is too far ahead, or `iat` too long ago.
    case livesTooLong
    /// `iat` or `nbf` is in the future, or not a time.
    case notYetValid
    /// No usable `jti`.
    case noTokenID

    /// One sentence that contains no part of the assertion.
    package var description: String {
        switch self {
        case .token(let error): error.description
        case .otherClient: "iss and sub of the assertion must be the client_id."
        case .otherAudience: "The audience of the assertion must be the issuer alone."
        case .tokenEndpointAudience:
            "The audience of the assertion is the token endpoint instead of the issuer; 'gatehouse clients allow NAME --audience "
                + "token-endpoint' admits that."
        case .noExpiration: "The assertion has no usable exp."
        case .expired: "The assertion is expired."
        case .livesTooLong: "The assertion may live for \(ClientAssertionRule.longestLife / 60) minutes at most."
        case .notYetValid: "The assertion is not valid yet; the clock of the client may be ahead."
        case .noTokenID: "The assertion has no usable jti."
        }
    }
}
