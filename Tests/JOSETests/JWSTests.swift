import JOSE
import Testing

@Suite("RFC 7515 signatures")
struct JWSTests {
    private func verify(
        _ compact: String, _ keyText: String, _ algorithms: Set<SignatureAlgorithm> = Set(SignatureAlgorithm.allCases)
    ) throws -> VerifiedJWS {
        try JWS.verify(compact, algorithms: algorithms, keys: VerificationKeySet([VerificationKey(key(keyText))]))
    }

    @Test(arguments: [
        (Vectors.rs256, Vectors.rs256Key, SignatureAlgorithm.rs256), (Vectors.es256, Vectors.es256Key, .es256),
    ])
    func `RFC 7515 appendix A.2 and A.3 verify`(compact: String, key: String, algorithm: SignatureAlgorithm) throws {
        let jws = try verify(compact, key, [algorithm])
        #expect(Base64URL.encode(jws.payload) == Vectors.payload)
        #expect(jws.algorithm == algorithm)
        #expect(jws.kid == nil)
    }

    @Test func `RFC 8037 appendix A.4 verifies`() throws {
        let jws = try verify(Vectors.ed25519, Vectors.ed25519Key, [.edDSA])
        #expect(jws.payload == Array("Example of Ed25519 signing".utf8))
    }

    @Test func `RFC 7518 §3.4 and §3.5 ES384 and PS256 of another library verify, a wrong salt does not`() throws {
        #expect(try verify(Vectors.es384, Vectors.es384Key).payload == Array(#"{"a":1}"#.utf8))
        #expect(try verify(Vectors.ps256, Vectors.ps256Key).payload == Array(#"{"a":1}"#.utf8))
        #expect(throws: JWTError.badSignature) { try verify(Vectors.ps256ShortSalt, Vectors.ps256Key) }
    }

    @Test func `RFC 7515 appendix A.5 none is refused, and so is any unknown or keyed algorithm`() throws {
        for compact in [Vectors.unsecured, Vectors.hs256] {
            #expect(throws: JWTError.algorithmNotAllowed) { try verify(compact, Vectors.es256Key) }
        }
        for name in ["None", "NONE", "nOnE", "", "es256", "ES512", "HS256", "ES256 "] {
            let compact = try forged(["alg": .string(name)], signature: [])
            #expect(throws: JWTError.algorithmNotAllowed) { try verify(compact, Vectors.es256Key) }
        }
        for header: JSONObject in [[:], ["alg": nil], ["alg": ["ES256"]], ["Alg": "ES256"]] {
            let compact = try forged(header, signature: [])
            #expect(throws: JWTError.algorithmNotAllowed) { try verify(compact, Vectors.es256Key) }
        }
    }

    @Test func `an algorithm that the caller does not accept is refused, whatever the key permits`() {
        #expect(throws: JWTError.algorithmNotAllowed) {
            try verify(Vectors.es256, Vectors.es256Key, [.rs256, .edDSA])
        }
        #expect(throws: JWTError.algorithmNotAllowed) { try verify(Vectors.es256, Vectors.es256Key, []) }
    }

    @Test func `a key verifies with its own algorithm only`() throws {
        let vectors = [
            (Vectors.rs256, Vectors.rs256Key, SignatureAlgorithm.rs256), (Vectors.es256, Vectors.es256Key, .es256),
            (Vectors.es384, Vectors.es384Key, .es384), (Vectors.ps256, Vectors.ps256Key, .ps256),
            (Vectors.ed25519, Vectors.ed25519Key, .edDSA),
        ]
        for (compact, keyText, own) in vectors {
            let segments = compact.split(separator: ".")
            let signature = try #require(Base64URL.decode(segments[2]))
            let message = Array((segments[0] + "." + segments[1]).utf8)
            for (_, otherText, _) in vectors {
                let other = try VerificationKey(key(otherText))
                for algorithm in SignatureAlgorithm.allCases {
                    let fits = otherText == keyText && algorithm == own
                    #expect(other.verifies(signature, over: message, algorithm) == fits)
                }
            }
        }
    }

    @Test func `key material in the header is ignored`() throws {
        let attacker = SigningKey.generate()
        let jwk = JSON.object(attacker.jwk.json)
        for header: JSONObject in [
            ["alg": "ES256", "jwk": jwk], ["alg": "ES256", "jku": "https://evil.example/jwks"],
            ["alg": "ES256", "x5u": "https://evil.example/x5u"], ["alg": "ES256", "x5c": ["MIIB"]],
        ] {
            let compact = try JWS.sign(header: header, payload: Array("{}".utf8), with: attacker)
            #expect(throws: JWTError.badSignature) { try verify(compact, Vectors.es256Key) }
        }
        var named = JSONObject()
        named["alg"] = "ES256"
        named["kid"] = .string(attacker.kid)
        named["jwk"] = jwk
        let compact = try JWS.sign(header: named, payload: Array("{}".utf8), with: attacker)
        #expect(throws: JWTError.unknownKey(kid: attacker.kid)) { try verify(compact, Vectors.es256Key) }
    }

    @Test func `any crit is refused, and b64 with it`() throws {
        let key = SigningKey.generate()
        let keys = VerificationKeySet(JWKSet([key.jwk]))
        for (name, value): (String, JSON) in [
            ("crit", ["exp"]), ("crit", []), ("crit", nil), ("crit", "exp"), ("crit", ["b64"]), ("b64", false),
        ] {
            let compact = try JWS.sign(header: ["alg": "ES256", name: value], payload: [], with: key)
            #expect(throws: JWTError.criticalHeader) { try JWS.verify(compact, algorithms: [.es256], keys: keys) }
        }
        let plain = try JWS.sign(header: ["alg": "ES256", "unknown": true], payload: [], with: key)
        #expect(try JWS.verify(plain, algorithms: [.es256], keys: keys).payload.isEmpty)
    }

    @Test func `ECDSA takes 64 raw bytes with r and s between 0 and n, nothing else`() throws {
        let verifier = try VerificationKey(key(Vectors.es256Key))
        let order: [UInt8] = [
            0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD,
            0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
        ]
        let zero = [UInt8](repeating: 0, count: 32)
        let one = Array(zero.dropLast()) + [1]
        let segments = Vectors.es256.split(separator: ".")
        let message = Array((segments[0] + "." + segments[1]).utf8)
        let good = try #require(Base64URL.decode(segments[2]))
        #expect(verifier.verifies(good, over: message, .es256))
        let r = Array(good[..<32])
        let s = Array(good[32...])
        let forgeries = [
            zero + zero, zero + s, r + zero, order + s, r + order, order + order, zero + one, one + one, [], r,
            good + [0],
            [0] + good, Array(good.dropLast()), s + r, [0x30, 0x44, 0x02, 0x20] + r + [0x02, 0x20] + s,
            [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00],
        ]
        for forgery in forgeries { #expect(!verifier.verifies(forgery, over: message, .es256)) }
    }

    @Test func `size and number of dots are checked before anything is decoded`() throws {
        let huge = String(repeating: "A", count: 8193)
        #expect(throws: JWTError.tooLarge) { try verify(huge, Vectors.es256Key) }
        #expect(throws: JWTError.tooLarge) { try verify(String(repeating: ".", count: 100_000), Vectors.es256Key) }
        for shape in [
            "", ".", "a.b", Vectors.es256 + ".", "." + Vectors.es256, Vectors.es256 + ".a.b", "....", "!.!.!.!",
        ] {
            #expect(throws: JWTError.malformed) { try verify(shape, Vectors.es256Key) }
        }
    }

    @Test func `one token has one spelling`() throws {
        let segments = Vectors.es256.split(separator: ".").map(String.init)
        // The last letter of 64 bytes carries four unused bits: Q is canonical, R to f are not.
        for letter in "RSTUVWXYZabcdef" {
            let respelled = segments[0] + "." + segments[1] + "." + segments[2].dropLast() + String(letter)
            #expect(throws: JWTError.malformed) { try verify(respelled, Vectors.es256Key) }
        }
        for respelled in [Vectors.es256 + "==", Vectors.es256 + "\n", " " + Vectors.es256, Vectors.es256 + "\0"] {
            #expect(throws: JWTError.malformed) { try verify(respelled, Vectors.es256Key) }
        }
    }

    @Test func `a header with a duplicate member is refused`() throws {
        let header = Base64URL.encode(Array(#"{"alg":"ES256","alg":"none"}"#.utf8))
        #expect(throws: JWTError.malformed) { try verify(header + ".e30.", Vectors.es256Key) }
        let list = Base64URL.encode(Array(#"["ES256"]"#.utf8))
        #expect(throws: JWTError.malformed) { try verify(list + ".e30.", Vectors.es256Key) }
    }

    private func forged(_ header: JSONObject, signature: [UInt8]) throws -> String {
        Base64URL.encode(header.bytes) + "." + Vectors.payload + "." + Base64URL.encode(signature)
    }
}
