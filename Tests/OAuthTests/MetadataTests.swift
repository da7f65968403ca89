import JOSE
import OAuth
import Testing

@Suite("RFC 8414 and RFC 9728 metadata")
struct MetadataTests {
    private func minimal() throws -> AuthorizationServerMetadata {
        AuthorizationServerMetadata(
            issuer: try Issuer("https://auth.example/t1"), grantTypes: [.authorizationCode],
            tokenEndpointAuthMethods: [.none])
    }

    @Test func `unset members and empty lists are left out`() throws {
        let object = try #require(try minimal().json.object)
        #expect(
            object.members.map(\.name) == [
                "issuer", "response_types_supported", "response_modes_supported", "grant_types_supported",
                "token_endpoint_auth_methods_supported", "code_challenge_methods_supported",
                "authorization_response_iss_parameter_supported", "client_id_metadata_document_supported",
                "request_parameter_supported", "request_uri_parameter_supported", "dpop_signing_alg_values_supported",
                "subject_types_supported",
                "id_token_signing_alg_values_supported",
            ])
        var empty = try minimal()
        empty.serviceDocumentation = ""
        #expect(empty.json.object?["service_documentation"] == nil)
    }

    @Test func `what is set is written as it is`() throws {
        var metadata = try minimal()
        metadata.endpoints = [.token]
        metadata.scopesSupported = .offlineAccess
        metadata.introspectionEndpointAuthMethods = [.clientSecretBasic, .clientSecretPost]
        let object = try #require(metadata.json.object)
        #expect(
            object["issuer"] == "https://auth.example/t1" && object["token_endpoint"] == "https://auth.example/t1/token"
        )
        #expect(
            object["scopes_supported"] == ["offline_access"] && object["code_challenge_methods_supported"] == ["S256"])
        #expect(
            object["grant_types_supported"] == ["authorization_code"] && object["response_types_supported"] == ["code"])
        #expect(object["authorization_response_iss_parameter_supported"] == true)
        #expect(object["client_id_metadata_document_supported"] == true)
        #expect(
            object["introspection_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post"])
    }

    @Test func `the document is served at every path that clients probe`() throws {
        let names = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]
        let (plain, below) = (try Issuer("https://auth.example"), try Issuer("https://auth.example/t1"))
        for atRoot in [false, true] {
            #expect(AuthorizationServerMetadata.paths(for: plain, atRoot: atRoot) == names)
        }
        let paths = [
            "/.well-known/oauth-authorization-server/t1", "/.well-known/openid-configuration/t1",
            "/t1/.well-known/oauth-authorization-server", "/t1/.well-known/openid-configuration",
        ]
        #expect(AuthorizationServerMetadata.paths(for: below, atRoot: false) == paths)
        #expect(AuthorizationServerMetadata.paths(for: below, atRoot: true) == paths + names)
    }

    @Test func `protected resource metadata names its authorization server, omits offline_access and is parsed back`()
        throws
    {
        let metadata = ProtectedResourceMetadata(
            resource: "https://mcp.example/mcp", authorizationServers: ["https://auth.example"],
            scopesSupported: ["files:read", "offline_access"], resourceName: "Files")
        let object = try #require(metadata.json.object)
        #expect(object["scopes_supported"] == ["files:read"] && object["bearer_methods_supported"] == ["header"])
        #expect(object["resource_tos_uri"] == nil && object["resource_policy_uri"] == nil)
        let read = try ProtectedResourceMetadata(json: object)
        #expect(read.resource == metadata.resource && read.authorizationServers == metadata.authorizationServers)
        #expect(read.resourceName == "Files" && read.scopesSupported == ["files:read"])
        #expect(throws: OAuthValueError.self) { try ProtectedResourceMetadata(json: ["resource": "not a URL"]) }
        #expect(throws: OAuthValueError.self) { try ProtectedResourceMetadata(json: [:]) }
    }

    @Test(arguments: [
        ("https://mcp.example", "https://mcp.example/.well-known/oauth-protected-resource"),
        ("https://mcp.example/", "https://mcp.example/.well-known/oauth-protected-resource"),
        ("http://127.0.0.1:9000/mcp", "http://127.0.0.1:9000/.well-known/oauth-protected-resource/mcp"),
        ("https://mcp.example/a?b=c", "https://mcp.example/.well-known/oauth-protected-resource/a?b=c"),
    ])
    func `RFC 9728 §3.1 the well-known path is inserted between host and path`(resource: String, url: String) throws {
        #expect(ProtectedResourceMetadata.url(for: try ResourceIdentifier(resource)) == url)
    }
}
