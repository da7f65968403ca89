import JOSE
import Testing

@testable import OAuth

/// RFC 7523 shows claims and headers, and abbreviates every signature. The claims are signed here with a key of the test.
@Suite("RFC 7523 examples of assertions")
struct AssertionExampleTests {
    private static let client = "https://jwt-idp.example.com"
    private static let server = "https://jwt-rp.example.net"
    /// A time between `nbf` and `exp` of the examples.
    private static let now = Timestamp(seconds: 1_300_819_000)

    /// RFC 7523 §4: the claims of the assertion, which is a grant for `mike`.
    private static let grant: JSONObject = [
        "iss": "https://jwt-idp.example.com", "sub": "mailto:mike@example.com", "aud": "https://jwt-rp.example.net",
        "nbf": 1_300_815_780, "exp": 1_300_819_380, "http://claims.example.com/member": true,
    ]

    /// What the rule for the example's client says to these claims.
    private func verdict(_ claims: JSONObject, header: JSONObject = ["alg": "ES256"]) throws -> ClientAssertionFault? {
        let key = SigningKey.generate()
        let compact = try JWS.sign(header: header, payload: claims.bytes, with: key)
        let assertion = try ClientAssertion(compact)
        let rule = ClientAssertionRule(issuer: try Issuer(Self.server), client: Self.client)
        do throws(ClientAssertionFault) {
            _ = try assertion.verified(by: VerificationKeySet(JWKSet([key.jwk])), rule, now: Self.now)
            return nil
        } catch {
            return error
        }
    }

    @Test func `RFC 7523 §4 an assertion about somebody else authenticates no client`() throws {
        #expect(try verdict(Self.grant) == .otherClient)
    }

    @Test func `RFC 7523 §3 the example about its own issuer authenticates once it has a jti`() throws {
        var claims = Self.grant
        claims["sub"] = "https://jwt-idp.example.com"
        #expect(try verdict(claims) == .noTokenID)
        claims["jti"] = "a1"
        #expect(try verdict(claims) == nil)
        #expect(try verdict(claims, header: ["alg": "ES256", "typ": "JWT"]) == nil)
    }

    @Test func `RFC 7523 §3 each required claim is required`() throws {
        var claims = Self.grant
        (claims["sub"], claims["jti"]) = ("https://jwt-idp.example.com", "a1")
        for (name, fault): (String, ClientAssertionFault) in [
            ("iss", .otherClient), ("sub", .otherClient), ("aud", .otherAudience), ("exp", .noExpiration),
            ("jti", .noTokenID),
        ] {
            var fewer = claims
            fewer[name] = nil
            #expect(try verdict(fewer) == fault, "\(name)")
        }
        // RFC 7523 §3 permits an assertion without nbf.
        claims["nbf"] = nil
        #expect(try verdict(claims) == nil)
    }
}
