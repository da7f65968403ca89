import JOSE
import OAuth
import Testing

@Suite("RFC 9449 DPoP proofs")
struct DPoPProofTests {
    private static let key = SigningKey.generate()
    private static let now = Timestamp(seconds: 1_800_000_000)
    private static let target = "https://auth.example/t1/token"
    private static let good: JSONObject = [
        "jti": "-BwC3ESc6acc2lTc", "htm": "POST", "htu": .string(target), "iat": .integer(now.seconds),
    ]

    private static var header: JSONObject {
        ["typ": "dpop+jwt", "alg": "ES256", "jwk": .object(JWK.publicMembers(of: key))]
    }

    private func proof(_ claims: [String: JSON?] = [:], header: [String: JSON?] = [:]) throws -> String {
        var (payload, head) = (Self.good, Self.header)
        for (name, value) in claims { payload[name] = value }
        for (name, value) in header { head[name] = value }
        return try JWS.sign(header: head, payload: payload.bytes, with: Self.key)
    }

    private func check(
        _ compact: String, _ method: String = "POST", _ target: String = target, token: String? = nil,
        boundTo key: KeyThumbprint? = nil, at now: Timestamp = now
    ) throws(OAuthError) -> DPoPProof {
        let proof = try DPoPProof(compact)
        let bound = token.map { DPoPRequest.BoundToken($0, boundTo: key ?? proof.thumbprint) }
        try DPoPRule.check(proof, for: DPoPRequest(method: method, target: target, token: bound), now: now)
        return proof
    }

    @Test func `RFC 9449 §4.1 and §6.1 the example for the token endpoint, with its thumbprint`() throws {
        let compact = try Vectors.text("tokenProof")
        let proof = try check(
            compact, "POST", "https://server.example.com/token", at: Timestamp(seconds: 1_562_262_616))
        #expect(proof.id == "-BwC3ESc6acc2lTc" && proof.nonce == nil && proof.tokenDigest == nil)
        #expect(proof.thumbprint.string == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
    }

    @Test func `RFC 9449 §7.1 the example for a resource, with the digest of its access token`() throws {
        let compact = try Vectors.text("resourceProof")
        let at = Timestamp(seconds: 1_562_262_618)
        let place = "https://resource.example.org/protectedresource"
        #expect(try check(compact, "GET", place, token: Vectors.accessToken, at: at).tokenDigest != nil)
        #expect(refusal { try check(compact, "GET", place, token: "another token", at: at) } == .invalidDPoPProof)
        // At an endpoint without a token the digest does no harm.
        #expect(throws: Never.self) { try check(compact, "GET", place, at: at) }
        let without = try Vectors.text("tokenProof")
        #expect(
            refusal {
                try check(without, "POST", "https://server.example.com/token", token: Vectors.accessToken, at: at)
            } == .invalidDPoPProof)
    }

    @Test func `RFC 9449 §7.1 a proof for a token of another key is refused, whatever digest it has`() throws {
        let compact = try proof(["ath": .string(Digest.sha256("token").base64URL)])
        let own = KeyThumbprint(of: Self.key.jwk)
        #expect(throws: Never.self) { try check(compact, token: "token", boundTo: own) }
        let other = KeyThumbprint(of: SigningKey.generate().jwk)
        #expect(refusal { try check(compact, token: "token", boundTo: other) } == .invalidDPoPProof)
        #expect(refusal { try check(compact, token: "tokens", boundTo: own) } == .invalidDPoPProof)
        #expect(refusal { try check(try proof(), token: "token", boundTo: own) } == .invalidDPoPProof)
    }

    @Test(
        arguments: [
            ["typ": "JWT"], ["typ": nil], ["typ": "at+jwt"], ["alg": "none"], ["alg": "HS256"], ["alg": "ES384"],
            ["alg": nil],
            ["jwk": nil], ["jwk": "key"], ["jwk": [:]], ["crit": ["exp"]], ["b64": false],
            ["jwk": ["kty": "oct", "k": "c2VjcmV0"]],
        ] as [[String: JSON?]])
    func `a proof with another header is refused`(change: [String: JSON?]) throws {
        #expect(refusal { try check(try proof(header: change)) } == .invalidDPoPProof)
    }

    @Test func `a key in the header is public, and the one that signed`() throws {
        var exposed = JWK.publicMembers(of: Self.key)
        exposed["d"] = .string(Base64URL.encode([UInt8](repeating: 1, count: 32)))
        #expect(refusal { try check(try proof(header: ["jwk": .object(exposed)])) } == .invalidDPoPProof)
        let other = JSON.object(JWK.publicMembers(of: SigningKey.generate()))
        #expect(refusal { try check(try proof(header: ["jwk": other])) } == .invalidDPoPProof)
        // A key set, or an address of one, in the header selects nothing.
        for name in ["jku", "x5u"] {
            #expect(throws: Never.self) { try check(try proof(header: [name: "https://evil.example/keys"])) }
        }
        #expect(throws: Never.self) { try check(try proof(header: ["kid": "any"])) }
    }

    @Test(
        arguments: [
            ["jti": nil], ["jti": ""], ["jti": 7], ["jti": .string(String(repeating: "j", count: 257))], ["htm": nil],
            ["htm": "GET"], ["htm": "post"], ["htu": nil], ["htu": ["https://auth.example/t1/token"]], ["iat": nil],
            ["iat": "1800000000"], ["ath": "short"], ["ath": 1], ["nonce": 1],
        ] as [[String: JSON?]])
    func `a proof with other claims is refused`(change: [String: JSON?]) throws {
        #expect(refusal { try check(try proof(change)) } == .invalidDPoPProof)
    }

    @Test func `the address is compared without query and fragment, after normalisation`() throws {
        for same in [
            "https://auth.example/t1/token?a=b", "https://auth.example/t1/token#f", "HTTPS://AUTH.example:443/t1/token",
            "https://auth.example/%741/tok%65n",
        ] {
            #expect(throws: Never.self, "\(same)") { try check(try proof(["htu": .string(same)])) }
        }
        for other in [
            "http://auth.example/t1/token", "https://auth.example/token", "https://auth.example:8443/t1/token",
            "https://auth.example.evil.example/t1/token", "https://auth.example/t1/token/",
            "https://auth.example/t1/Token",
            "https://user@auth.example/t1/token", "https://auth.example/t1/x/../token", "/t1/token", "",
            "https://auth.example/t1%2Ftoken", "https://evil.example/?https://auth.example/t1/token",
        ] {
            #expect(refusal { try check(try proof(["htu": .string(other)])) } == .invalidDPoPProof, "\(other)")
        }
        #expect(throws: Never.self) {
            try check(
                try proof(["htu": "https://auth.example/a%2fb"]), "POST", "https://auth.example/a%2Fb")
        }
        #expect(throws: Never.self) {
            try check(try proof(["htu": "https://auth.example"]), "POST", "https://auth.example/")
        }
    }

    @Test func `a proof is valid for five minutes around its time`() throws {
        for (offset, isGood) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] as [(Int64, Bool)] {
            let compact = try proof(["iat": .integer(Self.now.seconds + offset)])
            #expect((refusal { try check(compact) } == nil) == isGood, "\(offset)")
        }
        for far in [Int64.min, Int64.max, 0, -1] {
            #expect(refusal { try check(try proof(["iat": .integer(far)])) } == .invalidDPoPProof)
        }
    }

    @Test func `RFC 7519 §2 the time of a proof may have a fraction`() throws {
        let seconds = Double(Self.now.seconds)
        #expect(try check(try proof(["iat": .number(seconds + 0.9)])).issuedAt == Self.now)
        #expect(throws: Never.self) { try check(try proof(["iat": .number(seconds + 300.5)])) }
        #expect(refusal { try check(try proof(["iat": .number(seconds + 301.5)])) } == .invalidDPoPProof)
        for odd in [1e300, -0.5, Double(Int64.max)] {
            #expect(refusal { try check(try proof(["iat": .number(odd)])) } == .invalidDPoPProof, "\(odd)")
        }
    }

    @Test func `a proof ends when it is accepted for the last time, at most ten minutes from now`() throws {
        for offset in [-300, 0, 300] as [Int64] {
            let compact = try proof(["iat": .integer(Self.now.seconds + offset)])
            let end = DPoPRule.end(of: try check(compact))
            #expect(throws: Never.self) { try check(compact, at: end) }
            #expect(refusal { try check(compact, at: end + 1) } == .invalidDPoPProof)
            #expect(end == Self.now + offset + 300)
        }
    }

    @Test func `two headers are refused, and none is none`() throws {
        #expect(try DPoPRule.header(of: []) == nil)
        #expect(try DPoPRule.header(of: ["a"]) == "a")
        #expect(refusal { try DPoPRule.header(of: ["a", "a"]) } == .invalidDPoPProof)
    }

    @Test func `every changed character of a proof is refused`() throws {
        let bytes = Array(try proof().utf8)
        for index in stride(from: 0, to: bytes.count, by: 3) {
            var changed = bytes
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let text = String(decoding: changed, as: UTF8.self)
            #expect(refusal { try check(text) } == .invalidDPoPProof, "\(index)")
        }
        for text in ["", ".", "..", "a.b.c", String(repeating: "a", count: 10_000)] {
            #expect(refusal { try check(text) } == .invalidDPoPProof)
        }
        #expect(!"\(try check(try proof()))".contains("BwC3"))
    }

    @Test func `a thumbprint has one spelling`() throws {
        let text = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
        #expect(try KeyThumbprint(text).string == text)
        for other in [text + "=", String(text.dropLast()), String(text.dropLast()) + "J", text + "A", "", " " + text] {
            #expect(throws: OAuthValueError.self) { try KeyThumbprint(other) }
        }
    }
}

extension JWK {
    /// The members of a key as a client puts them into the header of a proof.
    fileprivate static func publicMembers(of key: SigningKey) -> JSONObject {
        var members = key.jwk.json
        for name in ["kid", "use", "alg"] { members[name] = nil }
        return members
    }
}

/// The examples of RFC 9449.
private enum Vectors {
    static let accessToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"

    private static let header =
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoR"
        + "jQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
    private static let proofs = [
        "tokenProof":
            ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0"
            + "IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
        "resourceProof":
            ".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRy"
            + "ZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35"
            + "yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
    ]

    static func text(_ name: String) throws -> String { header + (try #require(proofs[name])) }
}
