import JOSE
import ResourceServer
import TestSupport
import Testing

/// The library for MCP servers in Swift with a key, against a real process.
@Suite("ResourceServer: an MCP server that authenticates with a key")
struct KeyedServerTests {
    private static let resource = "http://127.0.0.1:9000/mcp"

    private func refusal(of configuration: ProtectedResourceConfiguration) async throws -> Refusal.Kind? {
        let server = try ProtectedResource(configuration)
        do throws(Refusal) {
            _ = try await server.authorize(authorizationHeader: "Bearer unknown")
            return nil
        } catch {
            return error.kind
        }
    }

    @Test func `it is registered without a secret, and gets one token for many requests`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            func key() throws -> ServerPrivateKey {
                try ServerPrivateKey(pem: String(decoding: SigningKey.generate().pem(), as: UTF8.self))
            }
            let own = try key()
            let added = try await gatehouse.object([
                "resources", "add", Self.resource, "--name", "Notes", "--owner", "Ops", "--jwks",
                try stage.write(own.publicKeySet, to: "notes.jwks.json"),
            ])
            #expect(added["client_secret"] == nil)
            let id = try #require(added["client_id"]?.string)
            func configuration(_ key: ServerPrivateKey) -> ProtectedResourceConfiguration {
                ProtectedResourceConfiguration(
                    resource: Self.resource, issuer: gatehouse.issuer,
                    verification: .introspectionByKey(clientID: id, privateKey: key))
            }
            let server = try ProtectedResource(configuration(own))
            for _ in 0..<3 {
                await #expect {
                    try await server.authorize(authorizationHeader: "Bearer unknown")
                } throws: { ($0 as? Refusal)?.kind == .invalidToken }
            }
            let elicitations = try Elicitations(configuration(own), clientID: id, privateKey: own)
            await #expect {
                try await elicitations.status(of: "unknown")
            } throws: { ($0 as? ElicitationError)?.kind == .notFound }
            let records = try await gatehouse.json(["audit", "tail"]).array ?? []
            #expect(records.count { $0.object?["action"] == "resource.token_issued" } == 2, "one each")
            #expect(try await refusal(of: configuration(key())) == .unavailable, "a stranger's key")
            let rotated = try await gatehouse.command(["resources", "rotate-secret", id])
            #expect(rotated.status == 1 && rotated.errors.contains("has no secret"))
        }
    }
}
