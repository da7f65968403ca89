import OAuth
import Testing

@Suite("RFC 9470 §4 what a request wants of a sign-in")
struct AuthenticationRequirementTests {
    private let password = AuthenticationContext.password.rawValue

    private func wanted(_ more: [(String, String)]) throws -> AuthenticationRequirement {
        let request = [
            ("response_type", "code"), ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ]
        return try AuthorizationRequest(form(request + more)).authentication
    }

    @Test func `D13.1 max_age is a whole number, and a sign-in of just that age will do`() throws {
        let now = Timestamp(seconds: 1_000_000)
        for (age, expected) in [(Int64(0), true), (1, true), (300, true), (301, false), (100_000, false)] {
            #expect(try wanted([("max_age", "300")]).isMet(by: now + -age, at: now) == expected, "\(age)")
        }
        #expect(try wanted([("max_age", "0")]).isMet(by: now, at: now))
        #expect(try !wanted([("max_age", "0")]).isMet(by: now + -1, at: now))
        #expect(try wanted([]).isMet(by: Timestamp(seconds: 0), at: now))
        #expect(try wanted([("max_age", "")]).maxAge == nil)
        #expect(try wanted([("max_age", "9223372036854775807")]).isMet(by: Timestamp(seconds: 0), at: now))
    }

    @Test(arguments: ["-1", "+1", "1.5", " 1", "1 ", "1e3", "0x10", "ten", "\u{0661}", "9223372036854775808"])
    func `D13.1 E70 any other max_age is refused`(text: String) {
        #expect(refusal { try wanted([("max_age", text)]) } == .invalidRequest)
    }

    @Test func `E70 neither parameter may come twice`() {
        for name in ["max_age", "acr_values"] {
            #expect(refusal { try wanted([(name, "1"), (name, "1")]) } == .invalidRequest)
        }
    }

    @Test func `D13.2 §5 the first way that is known here is enough, and none of them is a refusal`() throws {
        for values in ["", password, "urn:other \(password)", " \(password)  x "] {
            #expect(try wanted([("acr_values", values)]).refusal == nil, "\(values)")
        }
        for values in ["urn:other", "urn:a urn:b", password.uppercased(), password + "x"] {
            #expect(try wanted([("acr_values", values)]).refusal?.code == .unmetAuthenticationRequirements, "\(values)")
        }
        #expect(OAuthError.Code.unmetAuthenticationRequirements.rawValue == "unmet_authentication_requirements")
    }

    @Test(arguments: [
        ("login", true), ("select_account", true), ("login consent", true), ("foo login", true), ("consent", false),
        ("foo", false), ("create", false), ("none", false),
    ])
    func `D22.2 two prompts want a sign-in anew, and words that nobody knows want nothing`(text: String, isAnew: Bool)
        throws
    {
        let now = Timestamp(seconds: 100)
        #expect(try wanted([("prompt", text)]).isMet(by: now, at: now) == !isAnew)
    }
}
