import JOSE
import TestSupport
import Testing

/// An admin revokes a session while the official SDK has valid tokens of it.
@Suite("MCP authorization: a session revoked from the command line")
struct RevocationTests {
    @Test func `the next call is refused although the access token has not expired`() async throws {
        try await Scene.play { scene in
            let (client, before) = try await connected(in: scene)
            try await end(the: scene)
            #expect(try await introspect(before.accessToken, in: scene)["active"] == false)
            try await client.person(["decision": "deny"])
            await #expect(throws: (any Error).self) { try await client.call("list_files") }
            let after = try await client.holding()
            #expect(after.asked.count == 2, "the SDK has to ask the person anew")
            #expect(after.refusals == ["access_denied"])
        }
    }

    @Test func `the next refresh is refused and the client needs a new approval`() async throws {
        try await Scene.play { scene in
            let (client, before) = try await connected(in: scene)
            try await end(the: scene)
            let refused = try await scene.gatehouse.http.post(
                "/token",
                form: [
                    "grant_type": "refresh_token", "refresh_token": before.refreshToken ?? "",
                    "client_id": before.clientID ?? "",
                ])
            #expect(refused.status == 400)
            #expect(try refused.object()["error"]?.string == "invalid_grant")
            try await client.expireAccessToken()
            #expect(try await client.call("list_files") != nil)
            let after = try await client.holding()
            #expect(after.asked.count == 2)
            #expect(try await scene.sessions("--state", "active").count == 1)
            #expect(try await introspect(before.accessToken, in: scene)["active"] == false)
        }
    }

    @Test func `the audit chain of the whole run verifies`() async throws {
        try await Scene.play { scene in
            _ = try await connected(in: scene)
            try await end(the: scene)
            let verified = try await scene.gatehouse.command(["audit", "verify"])
            #expect(verified.status == 0, "\(verified.errors)")
        }
    }

    private func connected(in scene: Scene) async throws -> (SDKClient, SDKClient.Holding) {
        let client = try SDKClient(on: scene.stage)
        try await client.connect(to: scene.server, as: .registered(scene.gatehouse.addClient()))
        _ = try await client.call("list_files")
        let holding = try await client.holding()
        #expect(try await introspect(holding.accessToken, in: scene)["active"] == true)
        return (client, holding)
    }

    private func end(the scene: Scene) async throws {
        let live = try await scene.sessions("--state", "active").compactMap { $0["id"]?.string }
        #expect(live.count == 1)
        let revoked = try await scene.gatehouse.command(
            ["sessions", "revoke"] + live + ["--reason", "laptop lost", "--yes"])
        #expect(revoked.status == 0, "\(revoked.errors)")
        #expect(try await scene.sessions("--state", "active").isEmpty)
    }

    private func introspect(_ token: String, in scene: Scene) async throws -> JSONObject {
        let answer = try await scene.gatehouse.http.post(
            "/introspect", form: ["token": token],
            headers: [LoopbackHTTP.basic(scene.credentials.id, scene.credentials.secret)])
        #expect(answer.status == 200)
        return try answer.object()
    }
}
