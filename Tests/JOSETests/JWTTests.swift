import JOSE
import Testing

@Suite("RFC 7519 and RFC 8725 signed tokens")
struct JWTTests {
    private let key = SigningKey.generate()
    private let claims: JSONObject = ["iss": "http://localhost:8080", "sub": "sub_é", "exp": 1_800_000_000]

    private func verify(_ compact: String, typ: String = "at+jwt") throws(JWTError) -> VerifiedJWT {
        try JWT.verify(compact, typ: typ, algorithms: [.es256], keys: VerificationKeySet(JWKSet([key.jwk])))
    }

    @Test func `a signed token verifies and returns its claims`() throws {
        let jwt = try verify(JWT.sign(typ: "at+jwt", claims: claims, with: key))
        #expect(jwt.claims == claims)
        #expect(jwt.header == ["typ": "at+jwt", "alg": "ES256", "kid": .string(key.kid)])
        #expect(jwt.kid == key.kid)
        #expect(jwt.algorithm == .es256)
    }

    @Test func `a token of one type is refused as another`() throws {
        let types = ["at+jwt", "secevent+jwt", "JWT", "oauth-id-jag+jwt", "client-authentication+jwt"]
        for own in types {
            let compact = try JWT.sign(typ: own, claims: claims, with: key)
            for other in types {
                if own == other {
                    #expect(try verify(compact, typ: other).claims == claims)
                } else {
                    #expect(throws: JWTError.wrongType) { try verify(compact, typ: other) }
                }
            }
        }
    }

    @Test func `RFC 7515 §4.1.9 the type is mandatory, case-insensitive and may have its prefix`() throws {
        for stated in ["AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            #expect(try verify(JWT.sign(typ: stated, claims: claims, with: key)).claims == claims)
        }
        for stated in ["", "application/", "text/at+jwt", "application/application/at+jwt", "at+jwt ", "at jwt"] {
            #expect(throws: JWTError.wrongType) { try verify(JWT.sign(typ: stated, claims: claims, with: key)) }
        }
        let headers: [JSONObject] = [
            ["alg": "ES256"], ["alg": "ES256", "typ": nil], ["alg": "ES256", "typ": ["at+jwt"]],
        ]
        for header in headers {
            let compact = try JWS.sign(header: header, payload: claims.bytes, with: key)
            #expect(throws: JWTError.wrongType) { try verify(compact) }
        }
    }

    @Test func `every flipped bit and every truncation of a token is refused`() throws {
        let compact = try JWT.sign(typ: "at+jwt", claims: claims, with: key)
        let bytes = Array(compact.utf8)
        for index in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[index] ^= 1 << bit
                let text = String(decoding: flipped, as: UTF8.self)
                #expect(throws: JWTError.self) { try verify(text) }
            }
            #expect(throws: JWTError.self) { try verify(String(compact.prefix(index))) }
            #expect(throws: JWTError.self) { try verify(String(compact.dropFirst(index + 1))) }
        }
    }

    @Test func `a foreign key and claims that are not an object are refused`() throws {
        let foreign = try JWT.sign(typ: "at+jwt", claims: claims, with: .generate())
        #expect(throws: JWTError.self) { try verify(foreign) }
        let header: JSONObject = ["typ": "at+jwt", "alg": "ES256"]
        for payload in ["", "[]", "null", "{\"a\":1,\"a\":2}"] {
            let compact = try JWS.sign(header: header, payload: Array(payload.utf8), with: key)
            #expect(throws: JWTError.malformed) { try verify(compact) }
        }
    }

    @Test func `the largest token still verifies, one byte more does not`() throws {
        var claims = JSONObject()
        claims["filler"] = .string(String(repeating: "x", count: 5900))
        #expect(try verify(JWT.sign(typ: "at+jwt", claims: claims, with: key)).claims == claims)
        claims["filler"] = .string(String(repeating: "x", count: 6200))
        #expect(throws: JWTError.tooLarge) { try verify(JWT.sign(typ: "at+jwt", claims: claims, with: key)) }
    }
}
