import JOSE
import OAuth
import Testing

@Suite("RFC 7591 registration requests")
struct RegistrationRequestTests {
    private static let redirect = "http://127.0.0.1/callback"

    /// Reads a request with the given members beside a redirect, and admits every redirect.
    private func registration(_ changes: JSONObject = [:]) throws -> ClientRegistration {
        var members: JSONObject = ["redirect_uris": [.string(Self.redirect)]]
        for (name, value) in changes.members { members[name] = value }
        return try read(members.bytes)
    }

    private func read(_ bytes: [UInt8]) throws -> ClientRegistration {
        try RegistrationRequest(parsing: bytes).registration { _ in true }
    }

    private func refusal(_ body: () throws -> ClientRegistration) -> OAuthError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? OAuthError
        }
    }

    @Test func `a request of redirects alone gets the defaults`() throws {
        let registration = try registration()
        #expect(registration.authMethod == .clientSecretBasic, "RFC 7591 §2 names the default")
        #expect(registration.grantTypes == [.authorizationCode, .refreshToken])
        #expect(registration.name == nil && registration.metadata.name == "(no name)")
        #expect(
            registration.json.members.map { $0.name } == [
                "redirect_uris", "token_endpoint_auth_method", "grant_types", "response_types",
            ])
    }

    @Test func `unknown grants, methods and members are dropped`() throws {
        let registration = try registration([
            "client_name": "Desk", "token_endpoint_auth_method": "none",
            "grant_types": [
                "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code", "implicit",
            ],
            "response_types": ["code", "token"], "scope": "admin", "software_id": "x", "contacts": ["a@b.example"],
            "client_name#de": "Tisch", "sector_identifier_uri": "https://169.254.169.254/",
            "request_uris": ["https://x"],
            "initiate_login_uri": "javascript:alert(1)", "id_token_signed_response_alg": "none", "frobnicate": [[[1]]],
        ])
        #expect(
            registration.json == [
                "client_name": "Desk", "redirect_uris": [.string(Self.redirect)], "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            ])
    }

    @Test func `null and empty members count as absent`() throws {
        let empty = try registration([
            "client_name": "", "token_endpoint_auth_method": .null, "grant_types": [], "response_types": .null,
            "client_uri": "", "logo_uri": .null, "tos_uri": "", "policy_uri": "", "jwks_uri": "", "jwks": .null,
            "scope": "", "application_type": "",
        ])
        #expect(try empty == registration())
        #expect(try registration(["token_endpoint_auth_method": ""]) == registration())
    }

    @Test func `the method is the first supported one, or the default`() throws {
        let cases: [(JSONObject, ClientAuthenticationMethod)] = [
            (["token_endpoint_auth_method": "none"], .none),
            (["token_endpoint_auth_method": "client_secret_post"], .clientSecretPost),
            (["token_endpoint_auth_method": "tls_client_auth"], .clientSecretBasic),
            (["token_endpoint_auth_method": "client_secret_jwt"], .clientSecretBasic),
            (
                ["token_endpoint_auth_methods_supported": ["tls_client_auth", "client_secret_post", "none"]],
                .clientSecretPost
            ),
            (["token_endpoint_auth_methods_supported": ["self_signed_tls_client_auth"]], .clientSecretBasic),
        ]
        for (members, method) in cases { #expect(try registration(members).authMethod == method, "\(members)") }
    }

    @Test func `a client that lists its grants without refresh_token gets none`() throws {
        #expect(try registration(["grant_types": ["authorization_code"]]).grantTypes == [.authorizationCode])
        let odd = try registration(["grant_types": ["client_credentials"]])
        #expect(odd.grantTypes == [.authorizationCode], "a session here begins with a code")
    }

    @Test func `a malformed redirect is dropped, and the others stay in their order`() throws {
        let registration = try registration([
            "redirect_uris": [
                "cursor://anysphere.cursor-mcp/oauth/callback", "javascript:alert(1)", "http://evil.example/cb", 7,
                "https://app.example/cb#x", .null, "http://localhost:8787/callback", "http://localhost:8787/callback",
            ]
        ])
        #expect(
            registration.redirectURIs.map(\.string) == [
                "cursor://anysphere.cursor-mcp/oauth/callback", "http://localhost:8787/callback",
            ])
    }

    @Test func `a request without a usable redirect, or with more than 32, is invalid_redirect_uri`() throws {
        let many = JSON.strings((0..<33).map { "http://localhost/\($0)" })
        for redirects: JSON in [.null, [], "http://localhost/cb", ["ftp://x/y"], ["data:text/html,x"], many] {
            #expect(refusal { try registration(["redirect_uris": redirects]) }?.code == .invalidRedirectURI)
        }
        let full = try registration(["redirect_uris": .strings((0..<32).map { "http://localhost/\($0)" })])
        #expect(full.redirectURIs.count == 32)
    }

    @Test func `the refusal of every redirect names the operator's command`() throws {
        let bytes = JSONObject(dictionaryLiteral: ("redirect_uris", ["https://app.example/cb"])).bytes
        let error = refusal { try RegistrationRequest(parsing: bytes).registration { _ in false } }
        #expect(error?.code == .invalidRedirectURI)
        #expect(error?.description.contains("gatehouse clients redirects allow https://app.example/cb") == true)
    }

    @Test func `a dangerous link, a private key or a value of another type is invalid_client_metadata`() throws {
        let cases: [JSONObject] = [
            ["client_uri": "javascript:alert(1)"], ["logo_uri": " \tJaVaScRiPt:alert(1)"],
            ["policy_uri": "data:text/html,x"], ["client_name": ["a"]], ["token_endpoint_auth_method": 7],
            ["grant_types": "authorization_code"], ["jwks": ["keys": [["kty": "EC", "d": "secret"]]]],
            ["jwks": ["keys": []], "jwks_uri": "https://app.example/jwks"],
            ["jwks_uri": "http://app.example/jwks"],
        ]
        for members in cases {
            let error = refusal { try registration(members) }
            #expect(error?.code == .invalidClientMetadata, "\(members)")
            #expect(error?.description.hasPrefix("The registration ") == true)
        }
    }

    @Test func `text that is no strict JSON object within the limits is refused`() throws {
        let deep = String(repeating: "[", count: 17) + String(repeating: "]", count: 17)
        let texts = [
            "", "[]", "\"x\"",
            "{\"redirect_uris\":[\"http://localhost/\"],\"redirect_uris\":[\"https://evil.example/\"]}",
            "{\"a\":\(deep)}", "{\"redirect_uris\":[\"http://localhost/\"]} {}",
            "{\"a\":\"" + String(repeating: "x", count: 65_536) + "\"}",
        ]
        for text in texts {
            #expect(refusal { try read(Array(text.utf8)) }?.code == .invalidClientMetadata, "\(text.prefix(60))")
        }
    }

    @Test func `metadata of 16 KiB is stored, and a byte more is not`() throws {
        func size(withPath length: Int) throws -> Int {
            let paths = (0..<15).map { "\($0)" + String(repeating: "x", count: 1_000) }
            let all = paths + [String(repeating: "y", count: length)]
            return try registration(["redirect_uris": .strings(all.map { "http://localhost/\($0)" })]).stored().count
        }
        let most = 1 + ClientRegistration.maximumSize - (try size(withPath: 1))
        #expect(try size(withPath: most) == ClientRegistration.maximumSize)
        #expect(throws: OAuthError.self) { try size(withPath: most + 1) }
    }

    @Test func `the order of members and redirects does not change the stored form, and every value does`() throws {
        let one = try read(
            Array(#"{"client_name":"A","redirect_uris":["http://localhost/a","http://localhost/b"]}"#.utf8))
        let other = try read(
            Array(#"{"redirect_uris":["http://localhost/b","http://localhost/a"],"client_name":"A"}"#.utf8))
        #expect(try one.stored() == other.stored())
        let changes: [JSONObject] = [
            [:], ["client_name": "B"], ["redirect_uris": ["http://localhost/"]], ["token_endpoint_auth_method": "none"],
            ["grant_types": ["authorization_code"]], ["client_uri": "https://a.example/"],
            ["logo_uri": "https://a.example/"], ["tos_uri": "https://a.example/"], ["policy_uri": "https://a.example/"],
            ["application_type": "native"], ["application_type": "web"],
        ]
        let forms = try changes.map { try registration($0).stored() }
        #expect(Set(forms).count == changes.count)
        #expect(
            forms.allSatisfy {
                $0.starts(with: "{\"".utf8) && String(decoding: $0, as: UTF8.self).contains("\"version\":1")
            })
    }

    @Test func `the stored form reads back as the same registration`() throws {
        let full = try registration([
            "client_name": "  De\u{202E}sk ",
            "redirect_uris": ["cursor://anysphere.cursor-mcp/cb", "https://a.example/cb"],
            "token_endpoint_auth_method": "client_secret_post", "grant_types": ["authorization_code"],
            "client_uri": "https://a.example/", "application_type": "native", "logo_uri": "http://dropped.example/",
        ])
        #expect(full.name == "Desk" && full.logoURI == nil)
        let back = try ClientRegistration(stored: full.stored())
        #expect(try back.stored() == full.stored())
        #expect(back.name == full.name && back.authMethod == full.authMethod && back.grantTypes == full.grantTypes)
        #expect(Set(back.redirectURIs) == Set(full.redirectURIs))
    }

    @Test func `an update names its own client and nothing that the server sets`() throws {
        let id = try ClientID.ofOneRegistrant()
        func update(_ changes: JSONObject) throws -> RegistrationUpdate {
            var members: JSONObject = ["client_id": .string(id.string), "redirect_uris": [.string(Self.redirect)]]
            for (name, value) in changes.members { members[name] = value }
            return try RegistrationUpdate(parsing: members.bytes, of: id)
        }
        #expect(try update(["client_secret": "x"]).secret == Secret("x"))
        #expect(try update([:]).secret == nil)
        for members: JSONObject in [
            ["client_id": .null], ["client_id": "other"], ["client_id_issued_at": 1], ["client_secret_expires_at": 0],
            ["registration_access_token": "x"], ["registration_client_uri": "https://x.example/"],
        ] {
            #expect(throws: OAuthError.self) { try update(members) }
        }
    }
}

@Suite("Redirects that clients may register")
struct RedirectAdmissionTests {
    private static let loopback = "http://localhost:8787/callback"
    private static let https = "https://app.example/cb"
    private static let own = "cursor://anysphere.cursor-mcp/cb"

    private func admits(_ mode: RegistrationMode, _ type: ApplicationType? = nil, listed: Bool = false) throws -> [Bool]
    {
        let rule = RedirectAdmission(mode: mode, applicationType: type)
        return try [Self.loopback, Self.https, Self.own].map { rule.admits(try RedirectURI($0), isListed: listed) }
    }

    @Test func `known admits the user's own machine and the list`() throws {
        #expect(try admits(.known) == [true, false, false])
        #expect(try admits(.known, listed: true) == [true, true, true])
        let rule = RedirectAdmission(mode: .known, applicationType: nil)
        for text in [
            "http://127.0.0.1/any/path?x=1", "http://[::1]:1/", "http://localhost/", "https://localhost:8443/cb",
        ] {
            #expect(rule.admits(try RedirectURI(text), isListed: false), "\(text)")
        }
    }

    @Test func `open and token admit every https host, and an own scheme by the list only`() throws {
        for mode in [RegistrationMode.open, .token] {
            #expect(try admits(mode) == [true, true, false])
            #expect(try admits(mode, listed: true) == [true, true, true])
        }
        #expect(try admits(.off, listed: true) == [false, false, false])
    }

    @Test func `a web application has https redirects to other machines, and a native one keeps all`() throws {
        #expect(try admits(.open, .web, listed: true) == [false, true, false])
        #expect(try admits(.open, .native, listed: true) == [true, true, true])
    }
}

@Suite("Ids of clients that registered themselves")
struct SelfRegisteredClientIDTests {
    @Test func `the id of a public client derives from its metadata, and any other is random`() throws {
        let digest = Digest.sha256("metadata")
        let id = try ClientID.ofPublicClient(digest)
        #expect(try id == ClientID.ofPublicClient(digest) && id.string == "dyn_" + digest.base64URL)
        #expect(try ClientID.ofOneRegistrant() != ClientID.ofOneRegistrant())
        for id in [id, try ClientID.ofOneRegistrant()] {
            #expect(id.isSelfRegistered && id.isReservedForRegistration && !id.isDocument)
        }
    }

    @Test(arguments: [
        "dyn_x", "dyc_", "dyn_" + String(repeating: "=", count: 43), "dyc_" + String(repeating: "=", count: 22),
        "quill",
        "https://a.example/dyn_",
    ])
    func `an id of another form is no client that registered itself`(text: String) throws {
        #expect(try !ClientID(text).isSelfRegistered)
        #expect(try ClientID(text).isReservedForRegistration == text.hasPrefix("dy"))
    }
}
