import Foundation
import JOSE
import OAuth
import Testing

@Suite("Client ID Metadata Document")
struct ClientDocumentTests {
    private let id = "https://app.example/client.json"
    private let good: JSONObject = [
        "client_id": "https://app.example/client.json", "client_name": "App",
        "redirect_uris": ["https://app.example/cb"],
    ]

    private func parse(_ object: JSONObject) throws -> ClientMetadataDocument {
        try .parse(JSON.object(object).bytes, expected: ClientID(id))
    }

    private func with(_ members: JSONObject) -> JSONObject {
        var object = good
        for (name, value) in members.members { object[name] = value }
        return object
    }

    @Test(arguments: [
        "claude", "claude-code", "chatgpt", "vscode", "goose", "copilot-cli", "opencode", "smithery", "mcpjam",
        "gemini",
    ])
    func `the documents of real clients are accepted`(name: String) throws {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "json"))
        let bytes = Array(try Data(contentsOf: url))
        let members = try JSONObject(parsing: bytes)
        let expected = try ClientID(try #require(members["client_id"]?.string))
        let metadata = try ClientMetadataDocument.parse(bytes, expected: expected).metadata
        // ChatGPT's document names private_key_jwt as its one method, and so is held to its key.
        #expect(metadata.authMethod == (name == "chatgpt" ? .privateKeyJWT : .none))
        #expect(metadata.allows(.authorizationCode))
        let listed = members["redirect_uris"]?.strings ?? []
        #expect(metadata.redirectURIs.map(\.string) == listed.filter { $0.hasPrefix("http") })
        let first = try #require(metadata.redirectURIs.first)
        #expect(RedirectRule.verify(first.string, registered: metadata.redirectURIs, localhostAnyPort: true) != nil)
    }

    @Test func `Claude Code and Copilot CLI come with a port of their own`() throws {
        let redirects = try ["http://localhost/callback", "http://127.0.0.1:33418/"].map { try RedirectURI($0) }
        for sent in ["http://localhost:3118/callback", "http://127.0.0.1:50123/"] {
            #expect(RedirectRule.verify(sent, registered: redirects, localhostAnyPort: true) != nil)
        }
    }

    @Test func `three members are enough, and mean a public client with every grant`() throws {
        let metadata = try parse(good).metadata
        #expect(metadata.name == "App" && metadata.authMethod == .none && metadata.grantTypes == nil)
        #expect(metadata.allows(.authorizationCode) && metadata.allows(.refreshToken))
    }

    @Test(arguments: ["client_id", "client_name", "redirect_uris"])
    func `each of the three is needed`(name: String) {
        var object = good
        object[name] = nil
        #expect(refusal { try parse(object) } == .invalidClient)
    }

    @Test(arguments: [
        "https://app.example:443/client.json", "https://APP.example/client.json", "https://app.example/client.json/",
        "https://app.example/client.json?", "https://app.example/Client.json", "",
    ])
    func `a document that names another client_id is refused`(claimed: String) {
        #expect(refusal { try parse(with(["client_id": .string(claimed)])) } == .invalidClient)
    }

    @Test(
        arguments: [
            ["client_secret": "x"], ["client_secret_expires_at": 0],
            ["token_endpoint_auth_method": "client_secret_basic"],
            ["token_endpoint_auth_method": "client_secret_post"], ["token_endpoint_auth_method": "client_secret_jwt"],
            ["jwks": ["keys": [["kty": "EC", "d": "AAAA"]]]], ["jwks": ["keys": [["kty": "oct", "k": "AAAA"]]]],
            ["jwks": ["keys": []], "jwks_uri": "https://app.example/jwks"], ["jwks_uri": "http://app.example/jwks"],
            ["software_statement": "e30.eyJqd2tzIjp7ImtleXMiOlt7Imt0eSI6IkVDIiwiZCI6IkEifV19fQ.AA"],
        ] as [JSONObject])
    func `secrets, private keys and contradictions about keys are refused`(members: JSONObject) {
        #expect(
            refusal { try parse(with(members)) }
                == .invalidClient)
    }

    @Test func `the method is negotiated`() throws {
        func method(_ members: JSONObject) throws -> ClientAuthenticationMethod {
            try parse(with(members)).metadata.authMethod
        }
        let both: JSON = ["none", "private_key_jwt"]
        #expect(try method(["token_endpoint_auth_methods_supported": both]) == .none)
        #expect(refusal { try method(["token_endpoint_auth_method": "private_key_jwt"]) } == .unauthorizedClient)
        #expect(
            refusal { try method(["token_endpoint_auth_methods_supported": ["tls_client_auth"]]) }
                == .unauthorizedClient)
        #expect(
            refusal { try method(["token_endpoint_auth_methods_supported": ["client_secret_basic"]]) }
                == .unauthorizedClient)
        let apart: JSONObject = [
            "token_endpoint_auth_method": "none", "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        ]
        #expect(refusal { try method(apart) } == .invalidClient)
    }

    @Test func `unknown members, grants and response types are passed over`() throws {
        let object = with([
            "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer", "made_up"],
            "response_types": ["code", "token"], "made_up": ["deep": [1, 2, 3]], "application_type": "native",
        ])
        let metadata = try parse(object).metadata
        #expect(metadata.allows(.authorizationCode) && !metadata.allows(.refreshToken))
    }

    @Test func `Custom schemes and plain http beyond this machine are dropped, the rest stays`() throws {
        let object = with([
            "redirect_uris": [
                "cursor://anysphere.cursor-mcp/oauth/callback", "com.example.app:/cb", "http://app.example/cb",
                "https://app.example/cb", "http://localhost:8787/callback",
            ]
        ])
        #expect(
            try parse(object).metadata.redirectURIs.map(\.string) == [
                "https://app.example/cb", "http://localhost:8787/callback",
            ])
        #expect(refusal { try parse(with(["redirect_uris": ["com.example.app:/cb"]])) } == .invalidClient)
    }

    @Test(
        arguments: [
            "javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "vbscript:x", "file:///x",
            "\tjavascript:x", "", "https://a.example/#x", "https://u@a.example/", "https://a.example\\x",
            "https://a.example/?code=x", "nonsense", 7, nil, ["https://app.example/cb"], [:],
        ] as [JSON])
    func `one redirect that cannot be used is never used, and never refuses the document`(unusable: JSON) throws {
        let good: JSON = "https://app.example/cb"
        for uris in [[good, unusable], [unusable, good]] {
            let metadata = try parse(with(["redirect_uris": .array(uris)])).metadata
            #expect(metadata.redirectURIs.map(\.string) == ["https://app.example/cb"])
            if let text = unusable.string {
                #expect(
                    RedirectRule.verify(text, registered: metadata.redirectURIs, localhostAnyPort: true) == nil)
            }
        }
        #expect(refusal { try parse(with(["redirect_uris": [unusable]])) } == .invalidClient, "alone it is no redirect")
    }

    @Test func `what is null, and a link or scope that is empty, counts as absent`() throws {
        let optional = [
            "client_secret", "client_secret_expires_at", "token_endpoint_auth_method",
            "token_endpoint_auth_methods_supported", "grant_types", "scope", "client_uri", "logo_uri", "tos_uri",
            "policy_uri", "jwks", "jwks_uri", "software_statement", "response_types", "contacts",
        ]
        let plain = try parse(good)
        for name in optional {
            let document = try parse(with(JSONObject(dictionaryLiteral: (name, nil))))
            #expect(document.metadata == plain.metadata && document.securityDigest == plain.securityDigest, "\(name)")
        }
        for name in ["scope", "client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri"] {
            let document = try parse(with(JSONObject(dictionaryLiteral: (name, ""))))
            #expect(document.metadata == plain.metadata && document.securityDigest == plain.securityDigest, "\(name)")
        }
        #expect(try parse(with(["scope": "  "])).metadata.scope == nil)
        let listed = try parse(with(["grant_types": ["authorization_code", nil]])).metadata
        #expect(listed.grantTypes == [.authorizationCode])
        let keys: JSONObject = ["jwks": ["keys": [["kty": "EC", "d": nil]]], "jwks_uri": ""]
        #expect(try parse(with(keys)).metadata == plain.metadata, "one place for keys, and no private one")
    }

    @Test(arguments: ["client_id", "client_name", "redirect_uris"])
    func `a member that is needed is missing when it is null`(name: String) {
        #expect(refusal { try parse(with(JSONObject(dictionaryLiteral: (name, nil)))) } == .invalidClient)
    }

    @Test func `fifty redirects are the most, and they are a list`() throws {
        func list(_ count: Int) -> JSON { .strings((0..<count).map { "https://app.example/\($0)" }) }
        #expect(try parse(with(["redirect_uris": list(50)])).metadata.redirectURIs.count == 50)
        #expect(refusal { try parse(with(["redirect_uris": list(51)])) } == .invalidClient)
        #expect(refusal { try parse(with(["redirect_uris": "https://app.example/cb"])) } == .invalidClient)
        #expect(refusal { try parse(with(["redirect_uris": []])) } == .invalidClient)
    }

    @Test func `only strict JSON of bounded size and depth is read`() throws {
        let text = JSON.object(good).bytes
        let inside = text.dropFirst().dropLast()
        let deep = Array(#"{"a":"#.utf8) + [UInt8](repeating: 0x5B, count: 20) + [UInt8](repeating: 0x5D, count: 20)
        let broken: [[UInt8]] = [
            [], Array("[]".utf8), text + [0x20, 0x78], [0xEF, 0xBB, 0xBF] + text,
            [0x7B] + inside + Array(#","client_name":"Other"}"#.utf8),
            [0x7B] + inside + [0x2C, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D],
            deep + [0x2C] + inside + [0x7D], [UInt8](repeating: 0x20, count: 70_000) + text,
        ]
        for bytes in broken {
            #expect(refusal { try ClientMetadataDocument.parse(bytes, expected: ClientID(id)) } == .invalidClient)
        }
    }

    @Test(arguments: ["client_uri", "logo_uri", "tos_uri", "policy_uri"])
    func `links are https or nothing, and a harmful one refuses the document`(member: String) throws {
        for text in [
            "javascript:alert(1)", "jAvaScript:x", " \u{1}javascript:x", "java\tscript:x", "data:text/html,x",
            "file:///x",
        ] {
            #expect(
                refusal { try parse(with(JSONObject(dictionaryLiteral: (member, .string(text))))) } == .invalidClient)
        }
        for text: JSON in [
            "http://app.example", "app.example", "", "https://app.example/\"><script>", "https://app.example/x#a#b", 7,
            nil,
        ] {
            let metadata = try parse(with(JSONObject(dictionaryLiteral: (member, text)))).metadata
            #expect([metadata.uri, metadata.logoURI, metadata.termsURI, metadata.policyURI] == [nil, nil, nil, nil])
        }
        let metadata = try parse(with(JSONObject(dictionaryLiteral: (member, "https://app.example/x")))).metadata
        #expect(
            [metadata.uri, metadata.logoURI, metadata.termsURI, metadata.policyURI].compactMap(\.self) == [
                "https://app.example/x"
            ])
    }

    @Test func `the security digest moves with what an approval rests on, and with nothing else`() throws {
        let digest = try parse(good).securityDigest
        let decisive: [JSONObject] = [
            ["client_name": "Other"], ["redirect_uris": ["https://app.example/other"]],
            ["grant_types": ["authorization_code"]],
            ["scope": "a"], ["logo_uri": "https://app.example/l.png"], ["jwks_uri": "https://app.example/jwks"],
            ["jwks": ["keys": [["kty": "EC"]]]],
        ]
        var seen = [digest]
        for members in decisive { seen.append(try parse(with(members)).securityDigest) }
        #expect(Set(seen).count == decisive.count + 1)
        #expect(try parse(with(["made_up": 1, "tos_uri": "https://app.example/t"])).securityDigest == digest)
        let one = try parse(with(["redirect_uris": ["https://app.example/a", "https://app.example/b"]]))
        let other = try parse(with(["redirect_uris": ["https://app.example/b", "https://app.example/a"]]))
        #expect(one.securityDigest == other.securityDigest)
    }
}
