package import JOSE

/// An ID token or a logout token of an OpenID provider. Nothing is verified yet.
///
/// Spec: OpenID Connect Core §2
package struct OpenIDToken: Sendable, RedactedCredential {
    /// In bytes. A token that names 200 groups by UUID has about 11 KB.
    static let longest = 32 * 1024

    /// The `kid` of the header, by which the provider's keys are chosen.
    package let kid: String?
    /// The algorithm of the header; nil for one that is not accepted: `none`, an HMAC, or an unknown one.
    package let algorithm: SignatureAlgorithm?
    private let compact: String

    /// Reads the header strictly: three canonical segments, no duplicate members.
    package init(_ compact: String) throws(OpenIDTokenFault) {
        let segments =
            compact.utf8.count <= Self.longest ? compact.split(separator: ".", omittingEmptySubsequences: false) : []
        guard segments.count == 3, let bytes = Base64URL.decode(segments[0]),
            let header = try? JSONObject(parsing: bytes)
        else { throw .token(.malformed) }
        kid = header["kid"]?.string
        algorithm = header["alg"]?.string.flatMap(SignatureAlgorithm.init)
        self.compact = compact
    }

    /// Verifies signature, type and claims of an ID token, in this order.
    package func idToken(
        by keys: VerificationKeySet, _ rule: IDTokenRule, now: Timestamp
    ) throws(OpenIDTokenFault) -> IDTokenClaims {
        let (claims, algorithm) = try claims(by: keys, types: [])
        return try rule.check(claims, algorithm, now: now)
    }

    /// Verifies signature, type and claims of a logout token, in this order.
    package func logoutToken(
        by keys: VerificationKeySet, _ rule: LogoutTokenRule, now: Timestamp
    ) throws(OpenIDTokenFault) -> LogoutTokenClaims {
        try rule.check(claims(by: keys, types: ["logout+jwt"]).0, now: now)
    }

    /// The claims behind a valid signature. The key decides about the algorithm, never the header alone.
    ///
    /// Providers from before RFC 8725 send no type or `JWT`; a type of another purpose is refused.
    ///
    /// Spec: RFC 8725 §3.11
    private func claims(
        by keys: VerificationKeySet, types: Set<String>
    ) throws(OpenIDTokenFault) -> (JSONObject, SignatureAlgorithm) {
        do throws(JWTError) {
            let jws = try JWS.verify(
                compact, algorithms: Set(SignatureAlgorithm.allCases), keys: keys, atMost: Self.longest
            ) { header throws(JWTError) in
                guard let type = header["typ"] else { return }
                guard let text = type.string?.lowercased() else { throw .wrongType }
                let prefix = "application/"
                let name = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
                guard name == "jwt" || types.contains(name) else { throw .wrongType }
            }
            guard let claims = try? JSONObject(parsing: jws.payload) else { throw .malformed }
            return (claims, jws.algorithm)
        } catch {
            throw .token(error)
        }
    }
}

/// Why a token of an OpenID provider is refused, for the log: the browser is shown one sentence for every cause.
package enum OpenIDTokenFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Signature, header or form.
    case token(JWTError)
    /// `iss` is not the provider.
    case otherIssuer
    /// `aud` does not name this client.
    case otherAudience
    /// `azp` is another client, or is absent although the token has several audiences.
    case otherAuthorizedParty
    /// No usable `sub`.
    case noSubject
    /// No usable `exp`, or expired.
    case expired
    /// No usable `iat`, or one in the future or too long ago.
    case notFresh
    /// `nbf` is in the future.
    case notYetValid
    /// `nonce` is absent or of another sign-in.
    case otherNonce
    /// A renewed token is about another account.
    case otherSubject
    /// `at_hash` is the hash of another access token.
    case otherAccessToken
    /// `auth_time`, `acr`, `amr` or `sid` is malformed, or `auth_time` is in the future.
    case malformedAuthentication
    /// The event of a logout token is absent.
    case noLogoutEvent
    /// A logout token with a nonce: an ID token in disguise.
    case nonceInLogoutToken
    /// A logout token names neither a subject nor a session.
    case nobodyLoggedOut
    /// No usable `jti`.
    case noTokenID

    /// One sentence that contains no part of the token.
    package var description: String {
        switch self {
        case .token(let error): error.description
        case .otherIssuer: "The token comes from another issuer."
        case .otherAudience: "The token is for another client."
        case .otherAuthorizedParty: "The token was issued to another client (azp)."
        case .noSubject: "The token has no usable sub."
        case .expired: "The token is expired, or has no usable exp."
        case .notFresh: "The token was not issued just now (iat)."
        case .notYetValid: "The token is not valid yet (nbf)."
        case .otherNonce: "The token belongs to another sign-in (nonce)."
        case .otherSubject: "The renewed token is about another account (sub)."
        case .otherAccessToken: "The token belongs to another access token (at_hash)."
        case .malformedAuthentication: "The token describes the sign-in in an unusable form."
        case .noLogoutEvent: "The token is no logout token: the event is absent."
        case .nonceInLogoutToken: "The token is no logout token: it has a nonce."
        case .nobodyLoggedOut: "The logout token names neither sub nor sid."
        case .noTokenID: "The logout token has no usable jti."
        }
    }
}
