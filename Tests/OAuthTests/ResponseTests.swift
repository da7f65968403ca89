import JOSE
import OAuth
import Testing

@Suite("RFC 9207 and OAuth 2.1 §4.1.2 answers")
struct ResponseTests {
    private let code = AuthorizationCode.derive(key: [UInt8](repeating: 1, count: 32), interaction: .random())

    private func redirect(_ text: String) throws -> VerifiedRedirect {
        try #require(RedirectRule.verify(text, registered: [RedirectURI(text)], localhostAnyPort: true))
    }

    @Test(arguments: [
        "https://app.example/cb", "https://app.example/cb?a=b", "https://app.example/cb?", "http://[::1]:1/",
        "com.example.app:/cb",
    ])
    func `every answer carries exactly one iss, and state and code or error once each`(uri: String) throws {
        let issuer = try Issuer("https://auth.example/t1")
        let state = "a&iss=evil#code=x +é"
        let success = AuthorizationResponse(to: try redirect(uri), code: code, state: state, issuer: issuer).location
        let failure = AuthorizationResponse(
            to: try redirect(uri), error: OAuthError(.accessDenied, "No."), state: state, issuer: issuer
        ).location
        for (location, first) in [(success, "code"), (failure, "error")] {
            #expect(location.hasPrefix(uri) && !location.contains("#") && !location.contains("??"))
            let query = try Parameters(query: String(location.drop { $0 != "?" }.dropFirst()))
            #expect(try query.value("iss") == issuer.string)
            #expect(try query.value("state") == state)
            #expect(try query.value(first) == (first == "code" ? code.reveal() : "access_denied"))
            #expect(try query.value(first == "code" ? "error" : "code") == nil)
        }
    }

    @Test func `without a state the response has none`() throws {
        let issuer = try Issuer("https://auth.example")
        let location = AuthorizationResponse(
            to: try redirect("https://app.example/cb"), code: code, state: nil, issuer: issuer
        ).location
        #expect(location == "https://app.example/cb?code=\(code.reveal())&iss=https%3A%2F%2Fauth.example")
    }

    @Test func `a token response always contains the scope`() throws {
        let refresh = RefreshToken.mint(session: .random(), generation: 1, key: [UInt8](repeating: 1, count: 32))
        let with = TokenResponse(
            accessToken: "jwt", expiresIn: 600, scope: try ScopeSet(parsing: "a b"), refreshToken: refresh)
        #expect(
            with.json == [
                "access_token": "jwt", "token_type": "Bearer", "expires_in": 600, "scope": "a b",
                "refresh_token": .string(refresh.reveal()),
            ])
        let without = TokenResponse(accessToken: "jwt", expiresIn: 600, scope: [], refreshToken: nil)
        #expect(without.json.object?["refresh_token"] == nil && without.json.object?["scope"] == "")
        #expect(!"\(with)".contains("jwt"))
    }

    private func claims() throws -> AccessTokenClaims {
        AccessTokenClaims(
            issuer: try Issuer("https://auth.example"), subject: .user(.random()),
            audience: try ResourceIdentifier("https://mcp.example"), clientID: try ClientID("app"),
            sessionID: .random(),
            scope: try ScopeSet(parsing: "a b"), tokenID: "j1", issuedAt: Timestamp(seconds: 100),
            expiresAt: Timestamp(seconds: 700), authTime: Timestamp(seconds: 90), acr: nil)
    }

    @Test func `inactive tokens share one response, an active one has its claims`() throws {
        #expect(JSON.object(["active": false]) == IntrospectionResponse.inactive.json)
        let claims = try claims()
        let active = IntrospectionResponse.active(claims, username: "ann").json.object
        #expect(active?["active"] == true && active?["token_type"] == "Bearer" && active?["username"] == "ann")
        #expect(active?["aud"] == "https://mcp.example" && active?["sid"] == .string(claims.sessionID.string))
        #expect(active?["exp"] == 700 && active?["scope"] == "a b" && active?["client_id"] == "app")
    }

    @Test func `every claim of RFC 9068 §2.2 is written and parsed unchanged`() throws {
        let claims = try claims()
        for name in ["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope", "auth_time", "sid"] {
            #expect(claims.claims[name] != nil)
            var without = claims.claims
            without[name] = nil
            #expect(throws: OAuthValueError.self) { try AccessTokenClaims(claims: without) }
        }
        #expect(try AccessTokenClaims(claims: claims.claims) == claims)
        var many = claims.claims
        many["aud"] = ["https://mcp.example", "https://other.example"]
        #expect(throws: OAuthValueError.self) { try AccessTokenClaims(claims: many) }
    }

    @Test func `the token of a client that acts for itself says so, has its id as the subject and no sign-in`() throws {
        var claims = try claims()
        claims.subject = .client(claims.clientID)
        claims.authTime = nil
        let written = claims.claims
        #expect(written["sub"] == "app" && written["gatehouse:actor"] == "client" && written["auth_time"] == nil)
        #expect(try AccessTokenClaims(claims: written) == claims)
        #expect(IntrospectionResponse.active(claims, username: nil).json.object?["gatehouse:actor"] == "client")
    }

    @Test func `a token whose subject and actor do not belong together is refused`() throws {
        let user = try claims().claims
        #expect(user["gatehouse:actor"] == nil)
        let changes: [[String: JSON]] = [
            ["gatehouse:actor": "client"], ["gatehouse:actor": "user", "sub": "app"], ["gatehouse:actor": true],
            ["sub": "app"], ["sub": "other", "gatehouse:actor": "client"],
        ]
        for change in changes {
            var changed = user
            for (name, value) in change { changed[name] = value }
            #expect(throws: OAuthValueError.self, "\(change)") { try AccessTokenClaims(claims: changed) }
        }
    }

    @Test func `a description is bounded printable ASCII without quote and backslash`() {
        let error = OAuthError(.invalidRequest, "say \"a\\b\"\r\n<é\u{202E}>" + String(repeating: "x", count: 9999))
        #expect(error.description.hasPrefix("say 'a/b'??<??>xxx"))
        #expect(error.description.utf8.count == 512)
        #expect(error.json.object?["error"] == "invalid_request")
    }

    @Test func `every code has the standard's wire value`() {
        #expect(OAuthError.Code.invalidTarget.rawValue == "invalid_target")
        for code in OAuthError.Code.allCases {
            #expect(code.rawValue.allSatisfy { $0.isLowercase || $0 == "_" })
        }
    }
}
