import JOSE
import Testing

@testable import OAuth

@Suite("OpenID Connect Back-Channel Logout §2.6 Logout tokens")
struct LogoutTokenTests {
    private let forge: OpenIDForge
    private static let event = "http://schemas.openid.net/event/backchannel-logout"

    init() throws { forge = try OpenIDForge() }

    private func fault(
        _ changes: [String: JSON?], header: [String: JSON?] = ["typ": "logout+jwt"], key: SigningKey? = nil
    ) throws -> OpenIDTokenFault? {
        let compact = try forge.token(changes, header: header, key: key, claims: claims)
        do throws(OpenIDTokenFault) {
            _ = try verify(compact)
            return nil
        } catch {
            return error
        }
    }

    private var claims: JSONObject {
        let now = OpenIDForge.now.seconds
        return [
            "iss": .string(forge.issuer.string), "aud": "gatehouse", "sub": "ada", "sid": "s-1", "jti": "j-1",
            "iat": .integer(now), "exp": .integer(now + 120), "events": .object([Self.event: [:]]),
        ]
    }

    private func verify(_ compact: String) throws(OpenIDTokenFault) -> LogoutTokenClaims {
        let rule = LogoutTokenRule(issuer: forge.issuer, client: "gatehouse")
        return try OpenIDToken(compact).logoutToken(by: forge.keys, rule, now: OpenIDForge.now)
    }

    @Test func `a good token names a subject, a session or both`() throws {
        let both = try verify(forge.token(header: ["typ": "logout+jwt"], claims: claims))
        #expect(both.subject == "ada" && both.sessionID == "s-1" && both.tokenID == "j-1")
        #expect(try fault(["sid": nil]) == nil)
        #expect(try fault(["sub": nil]) == nil)
        #expect(try fault([:], header: ["typ": "JWT"]) == nil)
        #expect(try fault([:], header: ["typ": nil]) == nil)
        #expect(try fault(["jti": .string(String(repeating: "j", count: 256))]) == nil)
    }

    @Test func `a forged, foreign, old or incomplete token signs nobody out`() throws {
        let now = OpenIDForge.now.seconds
        let cases: [([String: JSON?], OpenIDTokenFault)] = [
            (["iss": "https://evil.example/"], .otherIssuer), (["aud": "other"], .otherAudience),
            (["exp": nil], .expired), (["exp": .integer(now - 61)], .expired),
            (["iat": .integer(now - 601)], .notFresh), (["iat": .integer(now + 61)], .notFresh),
            (["jti": nil], .noTokenID), (["jti": ""], .noTokenID),
            (["jti": .string(String(repeating: "j", count: 257))], .noTokenID), (["events": nil], .noLogoutEvent),
            (["events": ["other": [:]]], .noLogoutEvent), (["events": .object([Self.event: true])], .noLogoutEvent),
            (["nonce": "n-1"], .nonceInLogoutToken), (["nonce": nil, "sub": nil, "sid": nil], .nobodyLoggedOut),
            (["sub": 7], .noSubject), (["sid": 7], .malformedAuthentication),
        ]
        for (change, expected) in cases { #expect(try fault(change) == expected, "\(change)") }
        #expect(try fault([:], header: ["typ": "at+jwt"]) == .token(.wrongType))
        let other = SigningKey.generate()
        #expect(try fault([:], key: other) == .token(.unknownKey(kid: other.kid)))
    }

    @Test func `an ID token is no logout token, and a logout token is no ID token`() throws {
        let idToken = try forge.token()
        #expect(throws: OpenIDTokenFault.noLogoutEvent) { _ = try verify(idToken) }
        let withEvent = try forge.token(["events": .object([Self.event: [:]])])
        #expect(throws: OpenIDTokenFault.nonceInLogoutToken) { _ = try verify(withEvent) }
        let logout = try forge.token(header: ["typ": "logout+jwt"], claims: claims)
        #expect(forge.fault(logout) == .token(.wrongType))
        let untyped = try forge.token(header: ["typ": nil], claims: claims)
        #expect(forge.fault(untyped) == .otherNonce)
    }
}
