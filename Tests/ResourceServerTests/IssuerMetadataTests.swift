import JOSE
import OAuth
import Testing

@testable import ResourceServer

@Suite("RFC 8414 metadata read by a resource server")
struct IssuerMetadataTests {
    @Test(arguments: [
        ("https://gate.example", "https://gate.example/.well-known/oauth-authorization-server"),
        ("https://gate.example/t1", "https://gate.example/.well-known/oauth-authorization-server/t1"),
    ])
    func `§3.1 inserts the well-known path before the issuer's own`(issuer: String, location: String) throws {
        #expect(IssuerMetadata.location(of: try Issuer(issuer)) == location)
    }

    @Test func `§3.3 refuses metadata that names another issuer`() throws {
        let issuer = try Issuer("https://gate.example")
        for named in ["https://gate.example/", "https://other.example"] {
            let document: JSONObject = ["issuer": .string(named)]
            #expect(throws: DocumentFailure.self) { try IssuerMetadata(document.bytes, of: issuer) }
        }
    }

    @Test(arguments: [
        "https://other.example/introspect", "http://gate.example/introspect", "https://gate.example:8443/introspect",
        "https://gate.example@other.example/introspect", "//gate.example/introspect",
    ])
    func `sends its credentials to the issuer's origin only`(endpoint: String) throws {
        let document: JSONObject = [
            "issuer": "https://gate.example", "introspection_endpoint": .string(endpoint),
        ]
        #expect(throws: DocumentFailure.self) {
            try IssuerMetadata(document.bytes, of: try Issuer("https://gate.example"))
        }
    }

    @Test func `sends no token when the metadata is for another issuer`() async throws {
        try await FakeAuthorizationServer.run { server in
            let endpoint = JSON.string(server.issuer + "/introspect")
            server.change { $0.metadata = ["issuer": "https://other.example", "introspection_endpoint": endpoint] }
            let resource = try ProtectedResource(Fixture.configuration(issuer: server.issuer))
            let refused = await refusal { try await resource.authorize(authorizationHeader: "Bearer t") }
            #expect(refused?.status == 503)
            #expect(server.hits("/introspect") == 0)
        }
    }
}
