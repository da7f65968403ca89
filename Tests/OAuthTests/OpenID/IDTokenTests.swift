import JOSE
import Testing

@testable import OAuth

/// A provider with one key, and tokens that it signs.
struct OpenIDForge {
    static let now = Timestamp(seconds: 1_800_000_000)
    let key = SigningKey.generate()
    let issuer: OpenIDIssuer

    init(issuer: String = "https://login.example/tenant/") throws { self.issuer = try OpenIDIssuer(issuer) }

    var keys: VerificationKeySet { VerificationKeySet([key.verification]) }

    /// The claims of a good ID token.
    var claims: JSONObject {
        [
            "iss": .string(issuer.string), "sub": "ada", "aud": "gatehouse", "exp": .integer(Self.now.seconds + 300),
            "iat": .integer(Self.now.seconds - 1), "nonce": "n-1", "auth_time": .integer(Self.now.seconds - 30),
        ]
    }

    /// Signs claims. In `changes` and `header` nil removes a member and a value replaces or adds one.
    func token(
        _ changes: [String: JSON?] = [:], header: [String: JSON?] = [:], key: SigningKey? = nil,
        claims: JSONObject? = nil
    ) throws -> String {
        var claims = claims ?? self.claims
        for (name, value) in changes { claims[name] = value }
        let key = key ?? self.key
        var head: JSONObject = ["typ": "JWT", "alg": "ES256", "kid": .string(key.kid)]
        for (name, value) in header { head[name] = value }
        return try JWS.sign(header: head, payload: claims.bytes, with: key)
    }

    /// Verifies an ID token as the sign-in of nonce `n-1` does.
    func verify(_ compact: String, accessToken: String? = "access") throws(OpenIDTokenFault) -> IDTokenClaims {
        let rule = IDTokenRule(issuer: issuer, client: "gatehouse", nonce: "n-1", accessToken: accessToken)
        return try OpenIDToken(compact).idToken(by: keys, rule, now: Self.now)
    }

    /// The fault of a token that renews the sign-in of `ada` with nonce `n-1`; nil for an acceptable one.
    func faultOfRenewal(_ compact: String) -> OpenIDTokenFault? {
        let rule = IDTokenRule(
            renewing: "ada", issuer: issuer, client: "gatehouse", nonce: "n-1", accessToken: "access")
        do throws(OpenIDTokenFault) {
            _ = try OpenIDToken(compact).idToken(by: keys, rule, now: Self.now)
            return nil
        } catch {
            return error
        }
    }

    /// The fault of an ID token; nil for an acceptable one.
    func fault(_ compact: String) -> OpenIDTokenFault? {
        do throws(OpenIDTokenFault) {
            _ = try verify(compact)
            return nil
        } catch {
            return error
        }
    }
}

@Suite("OpenID Connect Core §3.1.3.7 ID tokens")
struct IDTokenTests {
    private let forge: OpenIDForge

    init() throws { forge = try OpenIDForge() }

    @Test func `a good token tells account, time, context and methods of the sign-in`() throws {
        let claims = try forge.verify(
            forge.token([
                "acr": "urn:example:gold", "amr": ["pwd", "otp"], "sid": "s-1", "name": "Ada Lovelace",
                "preferred_username": "ada.l", "email": "ada@Example.com", "email_verified": true,
            ]))
        #expect(claims.subject == "ada" && claims.issuer == forge.issuer && claims.sessionID == "s-1")
        #expect(claims.authTime == OpenIDForge.now - 30)
        #expect(claims.context?.rawValue == "urn:example:gold" && claims.methods.map(\.rawValue) == ["pwd", "otp"])
        #expect(claims.name == "Ada Lovelace" && claims.preferredUsername == "ada.l")
        #expect(claims.verifiedEmail == "ada@Example.com" && claims.domain == "example.com")
    }

    @Test func `times with a fraction are read`() throws {
        let time = Double(OpenIDForge.now.seconds) - 0.25
        let claims = try forge.verify(forge.token(["auth_time": .number(time), "iat": .number(time)]))
        #expect(claims.authTime == OpenIDForge.now - 1)
    }

    @Test func `a sign-in that the clock of the provider puts ahead of ours counts as one of now`() throws {
        let ahead = try forge.verify(forge.token(["auth_time": .integer(OpenIDForge.now.seconds + 60)]))
        #expect(ahead.authTime == OpenIDForge.now)
    }

    private static let now = OpenIDForge.now.seconds

    /// A change that makes a token unacceptable, and the fault of the changed token.
    private typealias Forgery = (change: [String: JSON?], fault: OpenIDTokenFault)

    private static let parties: [Forgery] = [
        (["iss": nil], .otherIssuer), (["iss": "https://login.example/tenant"], .otherIssuer),
        (["iss": "https://evil.example/"], .otherIssuer), (["iss": 7], .otherIssuer),
        (["aud": nil], .otherAudience), (["aud": "other"], .otherAudience), (["aud": []], .otherAudience),
        (["aud": ["other"]], .otherAudience), (["aud": ["gatehouse", 7]], .otherAudience),
        (["aud": "Gatehouse"], .otherAudience), (["aud": ["gatehouse", "other"]], .otherAuthorizedParty),
        (["aud": ["gatehouse", "other"], "azp": "other"], .otherAuthorizedParty),
        (["azp": "other"], .otherAuthorizedParty), (["azp": 7], .otherAuthorizedParty),
    ]
    private static let times: [Forgery] = [
        (["exp": nil], .expired), (["exp": .integer(now - 60)], .expired), (["exp": "soon"], .expired),
        (["iat": nil], .notFresh), (["iat": .integer(now + 61)], .notFresh),
        (["iat": .integer(now - 601)], .notFresh), (["nbf": .integer(now + 61)], .notYetValid),
        (["nbf": "now"], .notYetValid),
    ]
    private static let bindings: [Forgery] = [
        (["nonce": nil], .otherNonce), (["nonce": "n-2"], .otherNonce), (["nonce": ""], .otherNonce),
        (["nonce": ["n-1"]], .otherNonce), (["at_hash": "AAAAAAAAAAAAAAAAAAAAAA"], .otherAccessToken),
        (["at_hash": 7], .otherAccessToken),
    ]
    private static let statements: [Forgery] = [
        (["sub": nil], .noSubject), (["sub": ""], .noSubject), (["sub": 7], .noSubject),
        (["sub": .string(String(repeating: "a", count: 256))], .noSubject), (["sub": "a\nb"], .noSubject),
        (["auth_time": "yesterday"], .malformedAuthentication),
        (["auth_time": .integer(now + 61)], .malformedAuthentication), (["acr": 1], .malformedAuthentication),
        (["amr": [1]], .malformedAuthentication), (["sid": ["a"]], .malformedAuthentication),
    ]

    @Test func `a token with a missing, foreign or malformed claim is refused`() throws {
        for (change, fault) in Self.parties + Self.times + Self.bindings + Self.statements {
            #expect(try forge.fault(forge.token(change)) == fault, "\(change)")
        }
    }

    @Test func `several audiences are accepted when the authorized party is this client`() throws {
        let token = try forge.token(["aud": ["other", "gatehouse"], "azp": "gatehouse"])
        #expect(forge.fault(token) == nil)
    }

    @Test func `a hash of the access token is compared when it is there`() throws {
        let hash = TokenHash.of("access", for: .es256)
        let good = try forge.token(["at_hash": .string(hash)])
        #expect(forge.fault(good) == nil)
        let other = try forge.token(["at_hash": .string(TokenHash.of("other", for: .es256))])
        #expect(forge.fault(other) == .otherAccessToken)
    }

    @Test func `the hash of an access token is the one of the example in the specification`() {
        // OpenID Connect Core, appendix A.3, signs with RS256.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
        #expect(TokenHash.of(token, for: .rs256) == "77QmUPtjPfzWtF2AnpK9RQ")
        #expect(TokenHash.of(token, for: .es384).utf8.count == 32)
        #expect(TokenHash.of(token, for: .edDSA).utf8.count == 43)
    }

    @Test func `a token of another key, an unknown key or another type is refused`() throws {
        let other = SigningKey.generate()
        let renamed = try forge.token(header: ["kid": .string(forge.key.kid)], key: other)
        #expect(forge.fault(renamed) == .token(.badSignature))
        let unknown = try forge.token(key: other)
        #expect(forge.fault(unknown) == .token(.unknownKey(kid: other.kid)))
        for type in ["at+jwt", "logout+jwt", "secevent+jwt"] {
            let token = try forge.token(header: ["typ": .string(type)])
            #expect(forge.fault(token) == .token(.wrongType), "\(type)")
        }
        let untyped = try forge.token(header: ["typ": nil])
        #expect(forge.fault(untyped) == nil, "older providers send no type")
    }

    @Test func `an unsigned token and one that is signed with the public key as a secret are refused`() throws {
        let payload = Base64URL.encode(forge.claims.bytes)
        func compact(_ algorithm: String, _ signature: (String) -> String) -> String {
            let head: JSONObject = ["typ": "JWT", "alg": .string(algorithm), "kid": .string(forge.key.kid)]
            let signed = Base64URL.encode(head.bytes) + "." + payload
            return signed + "." + signature(signed)
        }
        #expect(forge.fault(compact("none") { _ in "" }) == .token(.algorithmNotAllowed))
        for spelling in ["None", "NONE", "HS384"] {
            #expect(forge.fault(compact(spelling) { _ in "AAAA" }) == .token(.algorithmNotAllowed), "\(spelling)")
        }
        let confused = compact("HS256") { signed in
            Base64URL.encode(HMAC.sha256(key: forge.key.jwk.json.bytes, Array(signed.utf8)))
        }
        #expect(forge.fault(confused) == .token(.algorithmNotAllowed))
    }

    @Test func `a token with a duplicate member, a changed payload or too many bytes is refused`() throws {
        let claims = String(decoding: forge.claims.bytes, as: UTF8.self)
        let doubled = Array((claims.dropLast() + #","sub":"eve"}"#).utf8)
        let head: JSONObject = ["alg": "ES256", "kid": .string(forge.key.kid)]
        let token = try JWS.sign(header: head, payload: doubled, with: forge.key)
        #expect(forge.fault(token) == .token(.malformed))
        var parts = try forge.token().split(separator: ".").map(String.init)
        parts[1] = Base64URL.encode(Array(claims.replacing("\"ada\"", with: "\"eve\"").utf8))
        #expect(forge.fault(parts.joined(separator: ".")) == .token(.badSignature))
        let large = try forge.token(["blob": .string(String(repeating: "a", count: 40_000))])
        #expect(forge.fault(large) == .token(.malformed))
        for text in ["", "a.b", "a.b.c", "....", "ä.b.c"] { #expect(forge.fault(text) != nil, "\(text)") }
    }

    @Test func `a renewed token is about the same account, and need not repeat the nonce`() throws {
        #expect(try forge.faultOfRenewal(forge.token(["nonce": nil])) == nil)
        #expect(try forge.faultOfRenewal(forge.token()) == nil)
        let forged: [Forgery] = [
            (["sub": "eve"], .otherSubject), (["sub": "Ada"], .otherSubject), (["nonce": "n-2"], .otherNonce),
            (["nonce": 7], .otherNonce),
        ]
        for (change, fault) in forged + Self.parties + Self.times {
            let token = try forge.token(change)
            #expect(forge.faultOfRenewal(token) == fault, "\(change)")
        }
    }

    @Test func `a token with two hundred groups is read`() throws {
        let groups = (0..<200).map { "0b7a4ee0-9d6c-4f0b-a8f5-\(100_000_000_000 + $0)" }
        let claims = try forge.verify(forge.token(["groups": .strings(groups)]))
        #expect(claims.groups(in: "groups") == .named(groups))
    }

    @Test func `a token names at most thirty-two methods`() throws {
        let methods = (0..<33).map { "m\($0)" }
        let most = try forge.token(["amr": .strings(Array(methods.prefix(32)))])
        #expect(forge.fault(most) == nil)
        let more = try forge.token(["amr": .strings(methods)])
        #expect(forge.fault(more) == .malformedAuthentication)
    }

    @Test func `a token whose groups exceed the reader of JSON is refused as a whole`() throws {
        let groups = try forge.token(["groups": .strings((0..<1_001).map { "g\($0)" })])
        #expect(forge.fault(groups) == .token(.malformed))
    }

    @Test func `a token never names fewer groups than its user has`() throws {
        func groups(_ change: [String: JSON?]) throws -> UpstreamGroups {
            try forge.verify(forge.token(change)).groups(in: "groups")
        }
        #expect(try groups([:]) == .absent)
        #expect(try groups(["groups": nil, "_claim_names": ["groups": "src1"]]) == .tooMany)
        #expect(try groups(["hasgroups": true]) == .tooMany)
        #expect(try groups(["hasgroups": "true", "groups": ["eng"]]) == .tooMany)
        #expect(try groups(["_claim_names": ["address": "src1"], "groups": ["eng"]]) == .named(["eng"]))
        #expect(try groups(["groups": []]) == .named([]))
        #expect(try groups(["groups": ["eng", "ops", "eng"]]) == .named(["eng", "ops"]))
        #expect(try groups(["groups": "eng"]) == .named(["eng"]))
        for value: JSON in [7, ["eng", 7], [""], ["a\nb"], ["eng": true]] {
            #expect(try groups(["groups": value]) == .malformed, "\(value)")
        }
    }

    @Test func `an account at Google without an organization has no domain, whatever its address is`() throws {
        let google = try OpenIDForge(issuer: "https://accounts.google.com")
        let address: [String: JSON?] = ["email": "ada@ex.com", "email_verified": true]
        #expect(try google.verify(google.token(address)).domain == nil)
        #expect(try google.verify(google.token(["hd": "ex.com"])).domain == "ex.com")
    }

    @Test func `a domain is vouched for by the hosted domain alone, or by a verified address`() throws {
        func domain(_ change: [String: JSON?]) throws -> String? { try forge.verify(forge.token(change)).domain }
        #expect(try domain([:]) == nil)
        #expect(try domain(["email": "ada@ex.com"]) == nil)
        for unverified: JSON in [false, "true", 1, nil] {
            #expect(try domain(["email": "ada@ex.com", "email_verified": unverified]) == nil, "\(unverified)")
        }
        #expect(try domain(["email": "ada@evil.example@EX.com", "email_verified": true]) == "ex.com")
        #expect(try domain(["hd": "Ex.com", "email": "ada@other.example", "email_verified": true]) == "ex.com")
        #expect(try domain(["hd": 7, "email": "ada@ex.com", "email_verified": true]) == nil)
    }
}
