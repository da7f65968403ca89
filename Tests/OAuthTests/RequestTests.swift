import OAuth
import Testing

@Suite("OAuth 2.1 §4.1 authorization requests")
struct RequestTests {
    private static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    private static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    private let good = [
        ("response_type", "code"), ("client_id", "app"), ("redirect_uri", "https://app.example/cb"), ("state", "x y&z"),
        ("code_challenge", RequestTests.challenge), ("code_challenge_method", "S256"), ("scope", "a offline_access"),
        ("resource", "https://mcp.example/"), ("prompt", "login consent"),
    ]

    private func changed(_ name: String, to values: [String]) throws -> Parameters {
        try form(good.filter { $0.0 != name } + values.map { (name, $0) })
    }

    @Test func `A complete request is read in its two stages`() throws {
        let parameters = try form(good)
        let asker = try ClientAndRedirect(parameters)
        #expect(asker.clientID.string == "app" && asker.redirectURI == "https://app.example/cb")
        let request = try AuthorizationRequest(parameters)
        #expect(request.state == "x y&z" && request.challenge.string == Self.challenge)
        #expect(request.scope?.string == "a" && request.resource?.string == "https://mcp.example/")
        #expect(request.prompt == [.login, .consent])
    }

    @Test func `client and redirect are checked first and fail separately`() throws {
        #expect(refusal { try ClientAndRedirect(changed("client_id", to: [])) } == .invalidRequest)
        #expect(refusal { try ClientAndRedirect(changed("client_id", to: ["a", "b"])) } == .invalidRequest)
        #expect(
            refusal { try ClientAndRedirect(changed("redirect_uri", to: ["javascript:alert(1)"])) } == .invalidRequest)
        #expect(try ClientAndRedirect(changed("redirect_uri", to: [])).redirectURI == nil)
        #expect(try ClientAndRedirect(changed("response_type", to: [])).clientID.string == "app")
    }

    @Test(
        arguments: [
            ("response_type", [], .invalidRequest), ("response_type", ["token"], .unsupportedResponseType),
            ("response_type", ["code id_token"], .unsupportedResponseType),
            ("response_type", ["code", "code"], .invalidRequest),
            ("response_mode", ["fragment"], .invalidRequest), ("request", ["e30"], .requestNotSupported),
            ("request_uri", ["https://a.example"], .requestURINotSupported), ("state", ["a", "b"], .invalidRequest),
            ("state", ["a\nb"], .invalidRequest), ("scope", ["a\"b"], .invalidScope),
            ("scope", ["a", "b"], .invalidRequest),
            ("resource", ["https://a.example/#b"], .invalidTarget), ("prompt", ["none login"], .invalidRequest),
            ("resource", ["https://a.example", "https://b.example"], .invalidTarget),
        ] as [(String, [String], OAuthError.Code)])
    func `each error has its code`(name: String, values: [String], code: OAuthError.Code) throws {
        #expect(refusal { try AuthorizationRequest(changed(name, to: values)) } == code)
    }

    @Test func `only S256 with a challenge is accepted`() throws {
        for challenge in [nil, "", "short", Self.verifier, Self.challenge] {
            for method in [nil, "", "plain", "s256", "S512", "S256"] {
                let others = good.filter { !$0.0.hasPrefix("code_challenge") }
                let pairs = [("code_challenge", challenge), ("code_challenge_method", method)]
                let parameters = try form(others + pairs.compactMap { name, value in value.map { (name, $0) } })
                let isGood = method == "S256" && challenge?.count == 43
                #expect(refusal { try AuthorizationRequest(parameters) } == (isGood ? nil : .invalidRequest))
            }
        }
    }

    @Test(arguments: [
        "response_mode", "request", "request_uri", "state", "scope", "resource", "prompt", "max_age", "acr_values",
        "nonce", "login_hint",
    ])
    func `a parameter without a value counts as absent in an authorization request`(name: String) throws {
        #expect(try AuthorizationRequest(changed(name, to: [""])) == AuthorizationRequest(changed(name, to: [])))
    }

    @Test(arguments: ["response_mode", "request", "request_uri", "state", "scope", "resource", "prompt", "max_age"])
    func `a repeated parameter is refused even if one value is empty`(name: String) throws {
        let value = name == "resource" ? "https://mcp.example/" : name == "max_age" ? "1" : "query"
        for values in [[value, ""], ["", value], ["", ""]] {
            #expect(refusal { try AuthorizationRequest(changed(name, to: values)) } == .invalidRequest)
        }
    }

    @Test func `state is limited by its length when it is decoded`() throws {
        for unit in ["s", "é", " ", "%"] {
            let longest = String(repeating: unit, count: 4096 / unit.utf8.count)
            #expect(try AuthorizationRequest(changed("state", to: [longest])).state == longest)
            #expect(refusal { try AuthorizationRequest(changed("state", to: [longest + "x"])) } == .invalidRequest)
        }
    }

    @Test func `the state of a refused request is known unless it is invalid itself`() throws {
        #expect(AuthorizationRequest.stateForRefusal(try changed("response_type", to: ["token"])) == "x y&z")
        #expect(AuthorizationRequest.stateForRefusal(try changed("state", to: ["a", "b"])) == nil)
        #expect(AuthorizationRequest.stateForRefusal(try changed("state", to: [])) == nil)
    }

    @Test func `RFC 7009 and RFC 7662 ask about one token`() throws {
        let parameters = try form([("token", "t"), ("token_type_hint", "whatever")])
        #expect(try RevocationRequest(parameters).token == "t")
        #expect(try IntrospectionRequest(parameters).token == "t")
        #expect(refusal { try RevocationRequest(form([("token", "t"), ("token", "u")])) } == .invalidRequest)
        #expect(refusal { try IntrospectionRequest(form([])) } == .invalidRequest)
    }
}
