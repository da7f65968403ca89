import JOSE
import TestSupport
import Testing

@Suite("RFC 9126 Authlib pushes its authorization requests")
struct PushingClientTests {
    @Test(arguments: ["none", "client_secret_basic", "client_secret_post"])
    func `a client that must push is approved and redeems its code`(authentication: String) async throws {
        try await Scene.play { scene in
            let client = try Conversation("pushing_client.py", on: scene.stage)
            let registered = try await scene.gatehouse.object([
                "clients", "add", "--name", "Notebook", "--redirect-uri", SDKClient.redirect, "--auth", authentication,
                "--require-par",
            ])
            let token = try await client.ask(
                "connect",
                [
                    "issuer": .string(scene.gatehouse.issuer), "client": .object(registered),
                    "authentication": .string(authentication), "resource": .string(scene.server),
                    "person": ["username": "ada", "password": .string(Scene.password)],
                ])
            #expect(token.object?["token_type"] == "Bearer" && token.object?["scope"] == "files:read")
            let sessions = try await scene.sessions("--state", "active")
            #expect(sessions.map { $0["client_id"] } == [registered["client_id"]])
        }
    }
}
