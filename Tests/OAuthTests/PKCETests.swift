import OAuth
import Testing

@Suite("RFC 7636 Proof Key for Code Exchange")
struct PKCETests {
    @Test func `Appendix B: the verifier answers its challenge`() throws {
        let verifier = try CodeVerifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        let challenge = try CodeChallenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        #expect(challenge.accepts(verifier))
        #expect(CodeChallenge(for: verifier) == challenge)
    }

    @Test func `§4.6 no other verifier is accepted, nor the challenge itself`() throws {
        let challenge = try CodeChallenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        #expect(!challenge.accepts(try CodeVerifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK")))
        #expect(!challenge.accepts(try CodeVerifier(challenge.string)))
    }

    @Test(arguments: [0, 1, 42, 129, 500])
    func `§4.1 a verifier of another length is refused`(length: Int) {
        #expect(throws: OAuthValueError.self) { try CodeVerifier(String(repeating: "a", count: length)) }
    }

    @Test(arguments: [43, 44, 128])
    func `§4.1 lengths from 43 to 128 are accepted`(length: Int) throws {
        #expect(try CodeVerifier(String(repeating: "~", count: length)).reveal().count == length)
    }

    @Test(arguments: [" ", "+", "/", "=", "%", "é", "\n", "\0", "\u{212A}"])
    func `§4.1 a verifier with any other character is refused`(character: String) {
        #expect(throws: OAuthValueError.self) { try CodeVerifier(String(repeating: "a", count: 50) + character) }
    }

    @Test(arguments: [
        "", "abc", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
    ])
    func `§4.2 a challenge is the canonical base64url of 32 bytes`(text: String) {
        #expect(throws: OAuthValueError.self) { try CodeChallenge(text) }
    }

    @Test func `A verifier does not print itself`() {
        let verifier = CodeVerifier.random()
        #expect(!"\(verifier) \(String(reflecting: verifier))".contains(verifier.reveal()))
        var dumped = ""
        dump(verifier, to: &dumped)
        #expect(!dumped.contains(verifier.reveal()))
    }
}
