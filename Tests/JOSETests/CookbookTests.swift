import JOSE
import Testing

/// The signature examples of RFC 7520, all over one payload and with one RSA key.
private enum Cookbook {
    /// RFC 7520 §4: the payload, encoded.
    static let payload = """
        SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwg\
        YW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9m\
        ZiB0by4
        """
    /// RFC 7520 §3.3.
    static let rsaKey = """
        {"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","e":"AQAB","n":"\
        n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2w\
        qVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bT\
        wJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5\
        iaiQkqgc5gHdrNP5zw"}
        """
    /// RFC 7520 §4.1.2, RS256.
    static let rs256 = signed(
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
        """
        MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDk\
        oBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9Uzp\
        ERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogo\
        ree7vjbU5y18kDquDg
        """)
    /// RFC 7520 §4.2.2, PS384.
    static let ps384 = signed(
        "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
        """
        cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OL\
        PpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shn\
        r2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6\
        oD4ifKo8DYM-X72Eaw
        """)
    /// RFC 7520 §4.3.2, ES512.
    static let es512 = signed(
        "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
        """
        AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnA\
        MDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2
        """)
    /// RFC 7520 §4.4.2, HS256.
    static let hs256 = signed(
        "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9",
        "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0")

    private static func signed(_ header: String, _ signature: String) -> String {
        "\(header).\(payload).\(signature)"
    }
}

@Suite("RFC 7520 examples of signatures")
struct CookbookTests {
    private func verify(_ compact: String, _ keyText: String = Cookbook.rsaKey) throws -> VerifiedJWS {
        try JWS.verify(
            compact, algorithms: Set(SignatureAlgorithm.allCases), keys: VerificationKeySet(JWKSet([key(keyText)])))
    }

    @Test func `RFC 7520 §4.1 RS256 verifies under the key that its kid names`() throws {
        let jws = try verify(Cookbook.rs256)
        #expect(Base64URL.encode(jws.payload) == Cookbook.payload && jws.algorithm == .rs256)
        #expect(jws.kid == "bilbo.baggins@hobbiton.example")
        let renamed = Cookbook.rsaKey.replacing("bilbo.baggins", with: "frodo.baggins")
        #expect(throws: JWTError.unknownKey(kid: jws.kid)) { try verify(Cookbook.rs256, renamed) }
    }

    @Test func `RFC 7520 §4.1 RS256 with one character of the payload or the signature changed does not verify`() throws
    {
        for (place, letter) in [(90, "A"), (120, "_"), (400, "B")] {
            var changed = Array(Cookbook.rs256)
            changed[place] = changed[place] == Character(letter) ? "C" : Character(letter)
            #expect(throws: JWTError.badSignature) { try verify(String(changed)) }
        }
    }

    @Test(arguments: [Cookbook.ps384, Cookbook.es512, Cookbook.hs256])
    func `RFC 7520 §4.2 to §4.4 algorithms that no client may use are refused before a key is looked up`(
        compact: String
    ) {
        #expect(throws: JWTError.algorithmNotAllowed) { try verify(compact) }
    }

    @Test func `RFC 7518 §3.5 the PS384 signature is none under PS256, though the key permits both`() throws {
        let parts = Cookbook.ps384.split(separator: ".")
        let signature = try #require(Base64URL.decode(parts[2]))
        let key = try VerificationKey(key(Cookbook.rsaKey))
        #expect(!key.verifies(signature, over: Array("\(parts[0]).\(parts[1])".utf8), .ps256))
        #expect(!key.verifies(signature, over: Array("\(parts[0]).\(parts[1])".utf8), .rs256))
    }
}
