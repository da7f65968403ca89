import JOSE
import OAuth
import Testing

@testable import ResourceServer

@Suite("RFC 9728 protected resource metadata")
struct ProtectedResourceMetadataTests {
    private func resource(_ configuration: ProtectedResourceConfiguration) throws -> ProtectedResource {
        try ProtectedResource(configuration)
    }

    private func resource(at spelled: String) throws -> ProtectedResource {
        var configuration = Fixture.configuration(issuer: "https://gate.example")
        configuration.resource = spelled
        return try resource(configuration)
    }

    @Test func `names the resource as spelled and its one authorization server`() throws {
        let resource = try resource(Fixture.configuration(issuer: "https://gate.example"))
        let document = try JSONObject(parsing: resource.metadataDocument)
        #expect(document["resource"] == "http://127.0.0.1:9/mcp")
        #expect(document["authorization_servers"] == ["https://gate.example"])
        #expect(document["bearer_methods_supported"] == ["header"])
        #expect(document["resource_name"] == "Files")
    }

    @Test func `publishes the initial scopes and omits on-request ones`() throws {
        let resource = try resource(Fixture.configuration(issuer: "https://gate.example"))
        let document = try JSONObject(parsing: resource.metadataDocument)
        #expect(document["scopes_supported"] == ["files:read"])
    }

    @Test func `publishes no empty list of scopes`() throws {
        var configuration = Fixture.configuration(issuer: "https://gate.example")
        configuration.scopes = []
        let document = try JSONObject(parsing: try resource(configuration).metadataDocument)
        #expect(document["scopes_supported"] == nil)
    }

    @Test func `refuses offline_access among the scopes`() throws {
        var configuration = Fixture.configuration(issuer: "https://gate.example")
        configuration.scopes = ["offline_access"]
        #expect(throws: InvalidConfiguration.self) { try ProtectedResource(configuration) }
    }

    @Test(arguments: [
        ("https://mcp.example", "/.well-known/oauth-protected-resource", "https://mcp.example"),
        ("https://mcp.example/", "/.well-known/oauth-protected-resource", "https://mcp.example"),
        ("https://mcp.example/a/b", "/.well-known/oauth-protected-resource/a/b", "https://mcp.example"),
        ("https://mcp.example/a/", "/.well-known/oauth-protected-resource/a/", "https://mcp.example"),
        ("HTTPS://MCP.example:443/a", "/.well-known/oauth-protected-resource/a", "https://mcp.example"),
        ("http://127.0.0.1:8090/mcp", "/.well-known/oauth-protected-resource/mcp", "http://127.0.0.1:8090"),
    ])
    func `§3.1 inserts the well-known path between host and path`(spelled: String, path: String, origin: String) throws
    {
        let resource = try resource(at: spelled)
        #expect(resource.metadataPath == path)
        #expect(resource.metadataURL == origin + path)
    }

    @Test func `§3.1 keeps a query behind the inserted path`() throws {
        let resource = try resource(at: "https://mcp.example/a?tenant=1")
        #expect(resource.metadataPath == "/.well-known/oauth-protected-resource/a")
        #expect(resource.metadataURL == "https://mcp.example/.well-known/oauth-protected-resource/a?tenant=1")
    }

    @Test(arguments: ["", "mcp.example", "ftp://mcp.example", "https://mcp.example/#a"])
    func `refuses an invalid resource URL`(spelled: String) {
        var configuration = Fixture.configuration(issuer: "https://gate.example")
        configuration.resource = spelled
        #expect(throws: InvalidConfiguration.self) { try ProtectedResource(configuration) }
    }

    @Test func `refuses an issuer that is not spelled canonically and empty credentials`() {
        let wrong = Fixture.configuration(issuer: "https://Gate.example/")
        #expect(throws: InvalidConfiguration.self) { try ProtectedResource(wrong) }
        let empty = Fixture.configuration(
            issuer: "https://gate.example", verification: .introspection(clientID: "", clientSecret: ""))
        #expect(throws: InvalidConfiguration.self) { try ProtectedResource(empty) }
    }

    @Test func `never prints the client secret`() {
        let configuration = Fixture.configuration(issuer: "https://gate.example")
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("gate_s_x"))
        #expect(!"\(configuration)".contains("gate_s_x"))
    }
}
