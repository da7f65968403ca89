import OAuth
import Testing

@Suite("RFC 9470 §4 authentication requirements")
struct AuthenticationRequirementTests {
    private let password = AuthenticationContext.password.rawValue

    private func wanted(_ more: [(String, String)]) throws -> AuthenticationRequirement {
        let request = [
            ("response_type", "code"), ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ]
        return try AuthorizationRequest(form(request + more)).authentication
    }

    private func signIn(_ time: Timestamp, _ context: AuthenticationContext = .password) -> Authentication {
        Authentication(time: time, context: context, methods: [.password])
    }

    @Test func `max_age is a whole number, and a sign-in of just that age will do`() throws {
        let now = Timestamp(seconds: 1_000_000)
        for (age, expected) in [(Int64(0), true), (1, true), (300, true), (301, false), (100_000, false)] {
            #expect(try wanted([("max_age", "300")]).isMet(by: signIn(now + -age), at: now) == expected, "\(age)")
        }
        #expect(try wanted([("max_age", "0")]).isMet(by: signIn(now), at: now))
        #expect(try !wanted([("max_age", "0")]).isMet(by: signIn(now + -1), at: now))
        #expect(try wanted([]).isMet(by: signIn(Timestamp(seconds: 0)), at: now))
        #expect(try wanted([("max_age", "")]).maxAge == nil)
        #expect(try wanted([("max_age", "9223372036854775807")]).isMet(by: signIn(Timestamp(seconds: 0)), at: now))
    }

    @Test(arguments: ["-1", "+1", "1.5", " 1", "1 ", "1e3", "0x10", "ten", "\u{0661}", "9223372036854775808"])
    func `any other max_age is refused`(text: String) {
        #expect(refusal { try wanted([("max_age", text)]) } == .invalidRequest)
    }

    @Test func `neither parameter may come twice`() {
        for name in ["max_age", "acr_values"] {
            #expect(refusal { try wanted([(name, "1"), (name, "1")]) } == .invalidRequest)
        }
    }

    @Test func `§5 the first way that is known here is enough, and none of them is a refusal`() throws {
        for values in ["", password, "urn:other \(password)", " \(password)  x "] {
            #expect(try wanted([("acr_values", values)]).refusal(among: [.password]) == nil, "\(values)")
        }
        for values in ["urn:other", "urn:a urn:b", password.uppercased(), password + "x"] {
            #expect(
                try wanted([("acr_values", values)]).refusal(among: [.password])?.code
                    == .unmetAuthenticationRequirements, "\(values)")
        }
        #expect(OAuthError.Code.unmetAuthenticationRequirements.rawValue == "unmet_authentication_requirements")
    }

    @Test func `§5 a sign-in of before is enough only when it was made in one of the ways that the client named`()
        throws
    {
        let now = Timestamp(seconds: 100)
        let stronger = AuthenticationContext(rawValue: "urn:stronger")
        let named = try wanted([("acr_values", "urn:stronger urn:strongest")])
        #expect(named.isMet(by: signIn(now, stronger), at: now))
        #expect(!named.isMet(by: signIn(now), at: now), "a fresh password does not stand for another way")
        #expect(named.accepts(stronger) && !named.accepts(.password))
        #expect(try wanted([]).accepts(stronger))
        let recent = try wanted([("acr_values", "urn:stronger"), ("max_age", "10")])
        #expect(!recent.isMet(by: signIn(now + -11, stronger), at: now))
    }

    @Test(arguments: ["", "two words", "tab\there", "line\n", "\u{7F}"])
    func `RFC 8176 §2 an amr value is one word`(text: String) {
        #expect(AuthenticationMethodReference(rawValue: text) == nil)
        #expect(AuthenticationMethodReference(rawValue: "mfa")?.description == "mfa")
        #expect(AuthenticationMethodReference.password.rawValue == "pwd")
    }

    @Test(arguments: [
        ("login", true), ("select_account", true), ("login consent", true), ("foo login", true), ("consent", false),
        ("foo", false), ("create", false), ("none", false),
    ])
    func `two prompts want a sign-in anew, and words that nobody knows want nothing`(text: String, isAnew: Bool)
        throws
    {
        let now = Timestamp(seconds: 100)
        #expect(try wanted([("prompt", text)]).isMet(by: signIn(now), at: now) == !isAnew)
    }
}
