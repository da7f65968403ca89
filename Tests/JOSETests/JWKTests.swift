import JOSE
import Testing

func object(_ text: String) throws -> JSONObject { try JSONObject(parsing: Array(text.utf8)) }
func key(_ text: String) throws -> JWK { try JWK(json: object(text)) }

@Suite("RFC 7517 keys and key sets, RFC 7638 thumbprints, RFC 8037 Ed25519")
struct JWKTests {
    private func refusal(_ json: JSONObject) -> KeyError? {
        do throws(KeyError) {
            _ = try VerificationKey(JWK(json: json))
            return nil
        } catch {
            return error
        }
    }

    private func rsa(_ modulus: [UInt8], _ exponent: [UInt8] = [1, 0, 1]) -> JSONObject {
        [
            "kty": "RSA", "n": .string(Base64URL.encode(modulus)), "e": .string(Base64URL.encode(exponent)),
        ]
    }

    @Test func `RFC 7638 §3.1 the thumbprint of the RSA example`() throws {
        let jwk = try JWK(json: [
            "kty": "RSA", "n": .string(Vectors.rfc7638Modulus), "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        ])
        #expect(jwk.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        #expect(jwk.kid == "2011-04-29")
        #expect(jwk.algorithms == [.rs256])
    }

    @Test func `RFC 8037 appendix A.3 the thumbprint of the Ed25519 example`() throws {
        #expect(try key(Vectors.ed25519Key).thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }

    @Test func `RFC 7517 appendix A.1 both keys are read, the one for encryption verifies nothing`() throws {
        let set = try JWKSet(json: [
            "keys": [
                [
                    "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
                    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "use": "enc", "kid": "1",
                ],
                ["kty": "RSA", "n": .string(Vectors.rfc7638Modulus), "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"],
            ]
        ])
        #expect(set.keys.map(\.kid) == ["1", "2011-04-29"])
        #expect(set.keys[0].algorithms.isEmpty)
        #expect(set.select(kid: "1", algorithm: .es256).isEmpty)
        #expect(set.select(kid: "2011-04-29", algorithm: .rs256).count == 1)
        #expect(set.select(kid: "2011-04-29", algorithm: .ps256).isEmpty)
    }

    @Test func `a parsed key is written unchanged`() throws {
        let json: JSONObject = [
            "crv": "P-256", "kty": "EC", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "use": "sig", "alg": "ES256", "kid": "a",
        ]
        let jwk = try JWK(json: json)
        #expect(jwk.json == json)
        #expect((jwk.kty, jwk.crv) == ("EC", "P-256"))
        #expect(try JWKSet(json: JWKSet([jwk]).json).keys == [jwk])
    }

    @Test(arguments: ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
    func `RFC 7517 §9.2 a key with private members is refused`(member: String) throws {
        for text in [Vectors.es256Key, Vectors.rs256Key, Vectors.ed25519Key] {
            var json = try object(text)
            json[member] = "AQAB"
            #expect(refusal(json) == .privateMaterial)
        }
    }

    @Test func `symmetric keys and unknown types, curves and algorithms are refused`() throws {
        #expect(refusal(["kty": "oct", "k": "AAAA"]) == .privateMaterial)
        #expect(refusal(["kty": "oct"]) == .unsupported)
        #expect(refusal([:]) == .malformed)
        for (member, value) in [("crv", "P-521"), ("crv", "secp256k1"), ("alg", "HS256"), ("alg", "none")] {
            var json = try object(Vectors.es256Key)
            json[member] = .string(value)
            #expect(refusal(json) == .unsupported)
        }
        var mismatched = try object(Vectors.es256Key)
        mismatched["alg"] = "RS256"
        #expect(refusal(mismatched) == .malformed)
    }

    @Test func `points that are not on their curve, short ones and the origin are refused`() throws {
        var json = try object(Vectors.es256Key)
        json["y"] = json["x"]
        #expect(refusal(json) == .invalid)
        json["x"] = .string(Base64URL.encode([UInt8](repeating: 0, count: 32)))
        json["y"] = json["x"]
        #expect(refusal(json) == .invalid)
        json["x"] = .string(Base64URL.encode([UInt8](repeating: 255, count: 32)))
        #expect(refusal(json) == .invalid)
        json["y"] = "AQ"
        #expect(refusal(json) == .malformed)
        var small = try object(Vectors.ed25519Key)
        small["x"] = "AQ"
        #expect(refusal(small) == .malformed)
    }

    @Test func `RSA keys have 2048 to 4096 bits and a safe exponent`() throws {
        #expect(refusal(["kty": "RSA", "n": .string(Vectors.smallModulus), "e": "AQAB"]) == .unsafeSize)
        for bytes in [513, 1024, 1025] {
            #expect(refusal(rsa([UInt8](repeating: 255, count: bytes))) == .unsafeSize)
        }
        #expect(refusal(rsa([UInt8](repeating: 255, count: 2048))) == .malformed)
        let good = try #require(Base64URL.decode(Vectors.rfc7638Modulus))
        #expect(refusal(rsa(good)) == nil)
        for exponent: [UInt8] in [[1], [3], [17], [255, 255], [2], [1, 0, 0], [1, 0, 0, 0, 1], [1, 0, 0, 0, 0, 1]] {
            #expect(refusal(rsa(good, exponent)) == .unsafeSize)
        }
        #expect(refusal(rsa(good, [])) == .malformed)
        #expect(refusal(rsa([0] + good)) == .malformed)
        #expect(refusal(rsa(Array(good.dropLast()) + [0x80])) == .invalid)
    }

    @Test func `a modulus is not tested for being prime, which takes a second`() {
        // Divisible by 3: OpenSSL's check of the arithmetic would refuse it.
        for bytes in [256, 512] { #expect(refusal(rsa([UInt8](repeating: 255, count: bytes))) == nil) }
    }

    @Test func `a proof with an algorithm that is not accepted is refused before its key is imported`() throws {
        var key = try object(Vectors.es256Key)
        key["y"] = key["x"]
        for algorithm in ["HS256", "none", "RS256"] {
            let header: JSONObject = ["typ": "t", "alg": .string(algorithm), "jwk": .object(key)]
            let compact = [header.bytes, Array("{}".utf8), [0]].map { Base64URL.encode($0) }.joined(separator: ".")
            #expect(throws: JWTError.algorithmNotAllowed) {
                try PossessionProof(compact, typ: "t", algorithms: [.es256])
            }
        }
    }

    @Test func `a set of more than 100 keys is refused, invalid keys in a set are skipped`() throws {
        let good = JSON.object(try object(Vectors.es256Key))
        #expect(try JWKSet(json: ["keys": .array(Array(repeating: good, count: 100))]).keys.count == 100)
        #expect(throws: KeyError.tooManyKeys) {
            try JWKSet(json: ["keys": .array(Array(repeating: good, count: 101))])
        }
        #expect(throws: KeyError.malformedSet) { try JWKSet(json: ["keys": "x"]) }
        let mixed = try JWKSet(json: ["keys": [["kty": "oct", "k": "AAAA"], "x", ["kty": "quantum"], good]])
        #expect(mixed.keys == [try key(Vectors.es256Key)])
    }

    @Test func `a token without a kid gets a key only if exactly one fits`() throws {
        var a = try key(Vectors.es256Key)
        a.kid = "a"
        var b = SigningKey.generate().jwk
        b.kid = "b"
        let set = JWKSet([a, b])
        #expect(set.select(kid: "b", algorithm: .es256) == [b])
        #expect(set.select(kid: "c", algorithm: .es256).isEmpty)
        #expect(set.select(kid: nil, algorithm: .es256).isEmpty)
        #expect(JWKSet([a]).select(kid: nil, algorithm: .es256) == [a])
        #expect(VerificationKeySet(set).contains(kid: "a"))
        #expect(!VerificationKeySet(set).contains(kid: "c"))
    }
}
