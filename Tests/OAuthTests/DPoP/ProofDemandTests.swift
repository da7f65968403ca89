import JOSE
import OAuth
import Testing

@Suite("RFC 9449 §5 and §10 what a code or a refresh token demands")
struct ProofDemandTests {
    private let key = KeyThumbprint(of: SigningKey.generate().jwk)
    private let other = KeyThumbprint(of: SigningKey.generate().jwk)

    @Test func `nothing is met by every request, a key by itself alone`() {
        for proven in [nil, key, other] { #expect(ProofDemand.nothing.refusal(of: proven) == nil) }
        #expect(ProofDemand.anyKey.refusal(of: nil)?.code == .invalidDPoPProof)
        #expect(ProofDemand.anyKey.refusal(of: key) == nil && ProofDemand.anyKey.refusal(of: other) == nil)
        #expect(ProofDemand.key(key).refusal(of: key) == nil)
        #expect(ProofDemand.key(key).refusal(of: nil)?.code == .invalidDPoPProof)
        #expect(ProofDemand.key(key).refusal(of: other)?.code == .invalidGrant)
    }

    @Test func `a stored demand is read as it was written, and a damaged one is an error`() throws {
        for demand in [.nothing, .anyKey, .key(key)] as [ProofDemand] {
            #expect(try ProofDemand(stored: demand.stored) == demand)
        }
        for text in ["", "Any", "none", key.string + "A"] {
            #expect(throws: OAuthValueError.self) { try ProofDemand(stored: text) }
        }
    }

    @Test func `RFC 9449 §6.1 the example of a confirmation claim`() throws {
        let text = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
        let claim: JSON = ["jkt": .string(text)]
        #expect(try KeyThumbprint(confirmation: claim)?.string == text)
        #expect(try KeyThumbprint(text).confirmation == claim)
        #expect(try KeyThumbprint(confirmation: nil) == nil)
    }

    @Test(
        arguments: [
            [:], .null, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", ["jkt": "short"], ["jkt": 7],
            ["x5t#S256": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"],
            ["jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "x5t#S256": "a"],
        ] as [JSON])
    func `a claim that binds a token in another way is no claim without a key`(claim: JSON) {
        #expect(throws: OAuthValueError.self) { try KeyThumbprint(confirmation: claim) }
    }

    @Test func `RFC 9449 §10 the example of dpop_jkt`() throws {
        let parameters = try Parameters(
            query: "response_type=code&client_id=s6BhdRkqt3&state=xyz&code_challenge_method=S256"
                + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
                + "&dpop_jkt=NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        let request = try AuthorizationRequest(parameters)
        #expect(request.keyThumbprint?.string == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }

    @Test func `RFC 9449 §10.1 a proven key binds a pushed request, and contradicts no other one`() throws {
        let client = try ClientID("quill")
        func query(_ text: String, _ proven: KeyThumbprint?) throws -> String {
            try PushedAuthorization.query(Parameters(query: text), of: client, provingKey: proven)
        }
        #expect(try query("state=a", nil) == "client_id=quill&state=a")
        #expect(try query("state=a", key) == "client_id=quill&state=a&dpop_jkt=\(key)")
        #expect(try query("state=a&dpop_jkt=\(key)", nil) == "client_id=quill&state=a&dpop_jkt=\(key)")
        #expect(try query("dpop_jkt=\(key)", key) == "client_id=quill&dpop_jkt=\(key)")
        for named in ["\(other)", "short"] {
            #expect(refusal { try query("dpop_jkt=\(named)", key) } == .invalidDPoPProof)
        }
    }
}
