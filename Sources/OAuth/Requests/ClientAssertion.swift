package import JOSE

/// A JWT by which a client authenticates. Nothing is verified yet.
///
/// Spec: RFC 7523 §2.2
package struct ClientAssertion: Sendable, RedactedCredential {
    /// The `client_assertion_type` of such a JWT.
    package static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    /// The `kid` of the header, by which the client's keys are chosen.
    package let kid: String?
    /// The algorithm of the header; nil for one that is not supported.
    package let algorithm: SignatureAlgorithm?
    private let compact: String
    private let claims: JSONObject

    /// Reads a JWT strictly: at most 8 KiB, three canonical segments, no duplicate members.
    package init(_ compact: String) throws(OAuthError) {
        let segments =
            compact.utf8.count <= JWS.maximumSize ? compact.split(separator: ".", omittingEmptySubsequences: false) : []
        guard segments.count == 3, let header = Self.object(segments[0]), let claims = Self.object(segments[1]) else {
            throw OAuthError(
                .invalidClient, "The client_assertion must be a signed JWT in compact form, of at most 8 KiB.")
        }
        kid = header["kid"]?.string
        algorithm = header["alg"]?.string.flatMap(SignatureAlgorithm.init)
        self.compact = compact
        self.claims = claims
    }

    /// The client that the assertion claims to come from.
    package var subject: String? { claims[ClaimName.subject.rawValue]?.string }

    /// Verifies signature, type and claims, in this order. The key decides about the algorithm, never the header alone.
    package func verified(
        by keys: VerificationKeySet, _ rule: ClientAssertionRule, now: Timestamp
    ) throws(ClientAssertionFault) -> VerifiedAssertion {
        do {
            // The claims were read from the same text that the signature covers.
            _ = try JWS.verify(
                compact, algorithms: Set(SignatureAlgorithm.allCases), keys: keys, expect: Self.checkType)
        } catch {
            throw .token(error)
        }
        return try rule.check(claims, now: now)
    }

    /// The type is optional, because clients from before RFC 10070 send none or `JWT`. Any other type is a JWT of another purpose.
    ///
    /// Spec: RFC 10070 §4
    /// Spec: RFC 8725 §3.11
    private static func checkType(of header: JSONObject) throws(JWTError) {
        guard let type = header["typ"] else { return }
        let accepted = ["jwt", "client-authentication+jwt", "oauth-client-auth+jwt"]
        guard let text = type.string?.lowercased() else { throw .wrongType }
        let prefix = "application/"
        guard accepted.contains(text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text) else {
            throw .wrongType
        }
    }

    private static func object(_ segment: Substring) -> JSONObject? {
        Base64URL.decode(segment).flatMap { try? JSONObject(parsing: $0) }
    }
}

/// An assertion that proved its client, with what makes it unrepeatable.
package struct VerifiedAssertion: Hashable, Sendable {
    /// The identifier of the assertion, which its client may use once.
    package let tokenID: String
    /// When the assertion expires.
    package let expiresAt: Timestamp
    /// Whether its audience is the token endpoint, as an administrator allowed.
    package let namesTokenEndpoint: Bool
}
