import JOSE
import Testing

@testable import OAuth

@Suite("Token exchange requests")
struct TokenExchangeTests {
    private func read(_ changes: [String: String?] = [:]) throws -> TokenExchangeRequest {
        let type = TokenExchangeRequest.accessTokenType
        var form: [String: String] = [
            "grant_type": GrantType.tokenExchange.rawValue, "subject_token": "abc", "subject_token_type": type,
            "audience": "urn:gatehouse:provider:hub-2", "requested_token_type": type,
        ]
        for (name, value) in changes { form[name] = value }
        let text = form.map { "\($0.key)=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
        return try TokenExchangeRequest(Parameters(query: text))
    }

    private func code(_ changes: [String: String?]) -> OAuthError.Code? {
        do {
            _ = try read(changes)
            return nil
        } catch {
            return (error as? OAuthError)?.code
        }
    }

    @Test func `the parameters of the specification are read, the wanted type may be left out`() throws {
        let request = try read()
        #expect(request.provider.string == "hub-2" && request.subjectToken.reveal() == "abc")
        #expect(try read(["requested_token_type": nil]).provider == request.provider)
        #expect(try request.scope == nil && read(["scope": "repo user"]).scope == ScopeSet(parsing: "repo user"))
    }

    @Test(
        arguments: [
            (["subject_token": nil], OAuthError.Code.invalidRequest), (["subject_token_type": nil], .invalidRequest),
            (["subject_token_type": "urn:ietf:params:oauth:token-type:jwt"], .invalidRequest),
            (["requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"], .invalidRequest),
            (["actor_token": "x"], .invalidRequest), (["scope": "re\"po"], .invalidScope),
            (["resource": "https://hub.example"], .invalidRequest), (["audience": nil], .invalidRequest),
            (["audience": "hub"], .invalidTarget), (["audience": "urn:gatehouse:provider:"], .invalidTarget),
            (["audience": "urn:gatehouse:provider:Hub"], .invalidTarget),
            (["audience": "urn:gatehouse:provider:hub\u{0}"], .invalidRequest),
        ] as [([String: String?], OAuthError.Code)])
    func `unsupported parameters are refused, not ignored`(changes: [String: String?], expected: OAuthError.Code) {
        #expect(code(changes) == expected)
    }

    @Test func `the response has the token type, and no lifetime if it is unknown`() throws {
        let answer = TokenResponse(
            accessToken: "t", expiresIn: nil, scope: try ScopeSet(parsing: "repo"),
            issuedTokenType: TokenExchangeRequest.accessTokenType)
        #expect(
            answer.json.text
                == #"{"access_token":"t","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","scope":"repo"}"#
        )
    }

    @Test(arguments: ["", "Hub", "h b", "hub.example", "é", String(repeating: "a", count: 41), "../x", "hub%2F"])
    func `a provider's name needs no escaping anywhere`(text: String) {
        #expect(throws: OAuthValueError.self) { try ProviderName(text) }
    }
}
