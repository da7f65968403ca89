import JOSE
import TestSupport
import Testing

/// Canaille is an independent OpenID provider. Gatehouse knows only its issuer.
@Suite("Accounts at a third-party authorization server")
struct ThirdPartyTests {
    private func headers(_ scene: Scene) -> [(String, String)] {
        [LoopbackHTTP.basic(scene.credentials.id, scene.credentials.secret)]
    }

    /// Creates a `connect` elicitation for the user of a token; returns the response.
    private func ask(_ scene: Scene, _ token: String) async throws -> JSONObject {
        let body: JSONObject = [
            "subject_token": .string(token), "kind": "connect", "message": "Connect your account.", "provider": "hub",
        ]
        let answer = try await scene.gatehouse.http.post(
            "/elicitations", json: JSON.object(body).text, headers: headers(scene))
        #expect(answer.status == 201, "\(answer.text)")
        return try answer.object()
    }

    private func exchange(_ scene: Scene, _ token: String) async throws -> JSONObject {
        try await scene.gatehouse.http.post(
            "/token",
            form: [
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": token,
                "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "audience": "urn:gatehouse:provider:hub",
            ], headers: headers(scene)
        ).object()
    }

    private func token(in scene: Scene) async throws -> String {
        let client = try SDKClient(on: scene.stage)
        try await client.connect(to: scene.server, as: .registered(scene.gatehouse.addClient()))
        return try await client.holding().accessToken
    }

    @Test(arguments: ["client_secret_basic", "client_secret_post"])
    func `a user connects an account, the MCP server uses it, it is refreshed and revoked on both sides`(
        authentication: String
    ) async throws {
        try await Scene.play { scene in
            let hub = try await ThirdParty.start(in: scene, authentication: authentication)
            let token = try await token(in: scene)
            let asked = try await ask(scene, token)
            #expect(try await exchange(scene, token)["error"]?.string == "invalid_grant")
            let end = try await hub.connect(asked["url"]?.string ?? "")
            #expect(end.contains("Connected"), "\(end)")
            let result = try await scene.gatehouse.http.post(
                "/elicitations/\(asked["id"]?.string ?? "")/result", json: "{}", headers: headers(scene)
            ).object()
            #expect(result["provider"]?.string == "hub" && result["scope"]?.string == "openid profile")
            // It lasts 30 seconds there, which is too short to hand out: it is renewed, once.
            let first = try await exchange(scene, token)
            let upstream = first["access_token"]?.string ?? ""
            #expect((first["expires_in"]?.integer ?? 0) > 3000 && first["refresh_token"] == nil)
            #expect(try await exchange(scene, token)["access_token"]?.string == upstream)
            let person = try await hub.person(behind: upstream)
            #expect(person.status == 200 && person.body.contains("lovelace"))
            let connection = try await scene.gatehouse.object(["connections", "list", "--user", "ada"])
            #expect(connection["id"] == result["connection"])
            _ = try await scene.gatehouse.object(["connections", "revoke", connection["id"]?.string ?? ""])
            // Canaille takes revocations by HTTP Basic alone, whatever the client uses elsewhere.
            let isToldThere = authentication == "client_secret_basic"
            #expect(try await hub.person(behind: upstream).status == (isToldThere ? 401 : 200))
            #expect(try await exchange(scene, token)["error"]?.string == "invalid_grant")
        }
    }

    @Test func `a user who denies at the provider has declined, and nothing is connected`() async throws {
        try await Scene.play { scene in
            let hub = try await ThirdParty.start(in: scene)
            let token = try await token(in: scene)
            let asked = try await ask(scene, token)
            #expect(try await hub.connect(asked["url"]?.string ?? "", decision: "deny").contains("Declined"))
            let status = try await scene.gatehouse.http.get(
                "/elicitations/\(asked["id"]?.string ?? "")", headers: headers(scene)
            ).object()
            #expect(status["status"]?.string == "declined")
            #expect(try await scene.gatehouse.json(["connections", "list"]).array?.isEmpty == true)
        }
    }
}
