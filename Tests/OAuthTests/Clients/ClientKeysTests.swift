import JOSE
import OAuth
import Testing

@Suite("RFC 7591 §2 Keys and authentication methods of clients")
struct ClientKeysTests {
    private static let id = "https://app.example/client.json"
    private let key = JSON.object(SigningKey.generate().jwk.json)

    private func metadata(_ members: JSONObject) throws -> ClientMetadata {
        var document: JSONObject = [
            "client_id": .string(Self.id), "client_name": "App", "redirect_uris": ["https://app.example/cb"],
        ]
        for (name, value) in members.members { document[name] = value }
        return try ClientMetadataDocument.parse(JSON.object(document).bytes, expected: ClientID(Self.id)).metadata
    }

    private func set(_ keys: [JSON]) -> JSONObject { ["keys": .array(keys)] }

    @Test func `the methods of a document are those that it lists, this server knows and a key can prove`() throws {
        let both: JSON = ["private_key_jwt", "tls_client_auth", "none"]
        let keys = JSON.object(set([key]))
        let cases: [(JSONObject, [ClientAuthenticationMethod])] = [
            ([:], [.none]), (["jwks": keys], [.none]),
            (["token_endpoint_auth_methods_supported": both], [.none]),
            (["token_endpoint_auth_methods_supported": both, "jwks": keys], [.none, .privateKeyJWT]),
            (
                ["token_endpoint_auth_methods_supported": both, "jwks_uri": "https://app.example/jwks"],
                [.none, .privateKeyJWT]
            ),
            (
                [
                    "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_methods_supported": both,
                    "jwks": keys,
                ], [.privateKeyJWT]
            ),
            (
                [
                    "token_endpoint_auth_method": "none", "token_endpoint_auth_methods_supported": both, "jwks": keys,
                ], [.none, .privateKeyJWT]
            ),
            (["token_endpoint_auth_method": "private_key_jwt", "jwks": keys], [.privateKeyJWT]),
            (["token_endpoint_auth_methods_supported": ["private_key_jwt"], "jwks": keys], [.privateKeyJWT]),
        ]
        for (members, methods) in cases {
            #expect(try metadata(members).authMethods == methods, "\(members)")
        }
        for members: JSONObject in [
            ["token_endpoint_auth_method": "private_key_jwt"],
            ["token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_methods_supported": both],
            ["token_endpoint_auth_methods_supported": ["private_key_jwt"], "jwks": .object(set([]))],
        ] {
            #expect(refusal { try metadata(members) } == .unauthorizedClient, "\(members)")
        }
    }

    @Test func `the keys of a document are the usable ones of its set, or the URL of a set`() throws {
        let url = "https://app.example/jwks"
        #expect(try metadata(["jwks_uri": .string(url)]).keys == .url(url))
        let mixed = set([
            ["kty": "RSA", "n": "AQAB", "e": "AQAB"], key, ["kty": "EC", "crv": "P-521"], 7, nil,
            ["kty": "OKP", "crv": "Ed25519", "use": "enc", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"],
        ])
        #expect(ClientKeys(set: mixed) == ClientKeys(set: set([key])))
        #expect(ClientKeys(set: set([])) == nil)
        #expect(ClientKeys(set: ["keys": "x"]) == nil)
    }

    @Test func `a set of more than twenty keys is refused before any of them is imported`() {
        let many = (0..<20).map { _ in JSON.object(SigningKey.generate().jwk.json) }
        #expect(ClientKeys(set: set(many)) != nil)
        #expect(ClientKeys(set: set(many + [key])) == nil)
        #expect(ClientKeys(set: set(Array(repeating: key, count: 10_000))) == nil)
    }
}
