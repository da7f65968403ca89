import JOSE
import TestSupport
import Testing

/// A client of Python libraries with a key, against real processes: Gatehouse, the example MCP server on the Swift library, and the
/// Python server of the documentation.
@Suite("RFC 9449 Authlib and joserfc prove a key")
struct ProvingClientTests {
    private func begin(
        _ client: Conversation, in scene: Scene, algorithm: String = "ES256", authentication: String = "none",
        at server: String? = nil, scope: String = "files:read"
    ) async throws -> JSONObject {
        let registered = try await scene.gatehouse.object([
            "clients", "add", "--name", "Notebook", "--redirect-uri", SDKClient.redirect, "--auth", authentication,
            "--dpop",
        ])
        let answer = try await client.ask(
            "begin",
            [
                "issuer": .string(scene.gatehouse.issuer), "client": .object(registered),
                "authentication": .string(authentication), "resource": .string(server ?? scene.server),
                "scope": .string(scope), "algorithm": .string(algorithm),
                "person": ["username": "ada", "password": .string(Scene.password)],
            ])
        return answer.object ?? [:]
    }

    private func call(_ client: Conversation, _ server: String, _ how: String) async throws -> JSONObject {
        try await client.ask("call", ["url": .string(server), "how": .string(how)]).object ?? [:]
    }

    @Test(arguments: [
        ("ES256", "none"), ("ES384", "client_secret_post"), ("EdDSA", "none"), ("RS256", "client_secret_basic"),
        ("PS256", "none"),
    ])
    func `the key of a client serves for its tokens and at the Swift library`(
        algorithm: String, authentication: String
    ) async throws {
        try await Scene.play { scene in
            let client = try Conversation("proof_client.py", on: scene.stage)
            let token = try await begin(client, in: scene, algorithm: algorithm, authentication: authentication)
            #expect(token["token_type"] == "DPoP" && token["scope"] == "files:read")
            #expect(try await client.ask("challenges", [:]) == 1, "one for the first request")
            #expect(try await call(client, scene.server, "proof")["status"] == 200)
            let next = try await client.ask("refresh", ["thief": false]).object
            #expect(next?["token_type"] == "DPoP")
            #expect(try await call(client, scene.server, "proof")["status"] == 200)
        }
    }

    @Test func `stolen tokens are of no use without the key`() async throws {
        try await Scene.play { scene in
            let client = try Conversation("proof_client.py", on: scene.stage)
            _ = try await begin(client, in: scene)
            for (how, error) in [
                ("bearer", "invalid_token"), ("thief", "invalid_dpop_proof"), ("twice", "invalid_dpop_proof"),
            ] {
                let answer = try await call(client, scene.server, how)
                #expect(answer["status"] == 401, "\(how)")
                let challenge = answer["challenge"]?.string ?? ""
                #expect(challenge.hasPrefix("DPoP error=\"\(error)\"") && challenge.contains("algs=\"ES256 "))
            }
            #expect(try await client.ask("refresh", ["thief": true]).object?["error"] == "invalid_grant")
            #expect(try await client.ask("refresh", ["thief": false]).object?["token_type"] == "DPoP")
            #expect(try await scene.sessions("--state", "active").count == 1)
        }
    }

    @Test func `the example server can demand bound tokens and nonces`() async throws {
        try await Scene.play(example: ["--dpop", "required"]) { scene in
            let client = try Conversation("proof_client.py", on: scene.stage)
            _ = try await begin(client, in: scene)
            #expect(try await call(client, scene.server, "proof")["status"] == 200)
            #expect(try await call(client, scene.server, "bearer")["status"] == 401)
        }
    }

    @Test func `the documented Python server verifies proofs`() async throws {
        try await Scene.play { scene in
            let page = try await DocumentedServer.serve("docs/delegating.md", in: scene)
            let client = try Conversation("proof_client.py", on: scene.stage)
            _ = try await begin(client, in: scene, at: page.server, scope: "notes:read")
            #expect(try await call(client, page.server, "proof")["status"] == 200)
            for how in ["bearer", "thief", "twice"] {
                #expect(try await call(client, page.server, how)["status"] == 401, "\(how)")
            }
            #expect(try await call(client, page.server, "proof")["status"] == 200)
        }
    }
}
