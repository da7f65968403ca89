import JOSE
import TestSupport
import Testing

@Suite("RFC 8628 Authlib on a device without a browser")
struct DeviceClientTests {
    @Test(arguments: ["none", "client_secret_basic", "client_secret_post"], ["approve", "deny"])
    func `a client polls until its user decides elsewhere`(authentication: String, decision: String) async throws {
        try await Scene.play { scene in
            let client = try Conversation("device_client.py", on: scene.stage)
            let registered = try await scene.gatehouse.object([
                "clients", "add", "--name", "Night Tool", "--device", "--auth", authentication,
            ])
            let answer = try await client.ask(
                "connect",
                [
                    "issuer": .string(scene.gatehouse.issuer), "client": .object(registered),
                    "authentication": .string(authentication), "resource": .string(scene.server),
                    "person": ["username": "ada", "password": .string(Scene.password)],
                    "decision": .string(decision),
                ]
            ).object
            #expect(answer?["before"]?.object?["error"] == "authorization_pending")
            let after = answer?["after"]?.object
            let sessions = try await scene.sessions("--state", "active")
            if decision == "approve" {
                #expect(answer?["page"]?.string?.contains("Access approved") == true)
                #expect(after?["token_type"] == "Bearer" && after?["scope"] == "files:read")
                let shown = try await scene.gatehouse.object([
                    "sessions", "show", sessions.first?["id"]?.string ?? "",
                ])
                #expect(shown["started_on"] == "device" && shown["requested_from"] == "127.0.0.1")
                #expect(shown["approved_from"] == "127.0.0.1")
            } else {
                #expect(answer?["page"]?.string?.contains("Access denied") == true)
                #expect(after?["error"] == "access_denied" && sessions.isEmpty)
            }
        }
    }
}
