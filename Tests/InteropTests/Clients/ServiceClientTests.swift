import JOSE
import TestSupport
import Testing

/// The official Python SDK's provider for client credentials, against real processes.
@Suite("Client credentials: the official Python SDK as a client that acts for itself")
struct ServiceClientTests {
    private func add(
        _ scene: Scene, authentication: String, scopes: [String] = ["files:read"]
    ) async throws -> JSONObject {
        try await scene.gatehouse.object(
            [
                "clients", "add", "--service", "--name", "Nightly Report", "--resource", scene.server, "--auth",
                authentication,
            ] + scopes.flatMap { ["--scope", $0] })
    }

    @Test(arguments: ["client_secret_basic", "client_secret_post"])
    func `it calls tools without a user, and gets its next token by itself`(authentication: String) async throws {
        try await Scene.play { scene in
            let client = try SDKClient(on: scene.stage)
            let added = try await add(scene, authentication: authentication)
            try await client.connect(
                to: scene.server,
                as: .service(added, authentication: authentication, issuer: scene.gatehouse.issuer))
            #expect(try await client.call("list_files") != nil)
            try await client.expireAccessToken()
            #expect(try await client.call("list_files") != nil)
            let holding = try await client.holding()
            #expect(holding.turns == 2 && holding.refreshToken == nil && holding.scope == ["files:read"])
            #expect(holding.asked.isEmpty && holding.pages.isEmpty)
            let sessions = try await scene.sessions()
            #expect(sessions.count == 1 && sessions[0]["user"] == .null && sessions[0]["state"] == "active")
            #expect(sessions[0]["client_id"] == added["client_id"])
        }
    }

    @Test(arguments: ["RS256", "ES256"])
    func `it proves itself with a key, by an assertion of the SDK's own for each token`(algorithm: String) async throws
    {
        try await Scene.play { scene in
            let client = try SDKClient(on: scene.stage)
            let set = try await client.makeKey(algorithm)
            let file = try scene.stage.write(set.text, to: "service.jwks.json")
            let added = try await scene.gatehouse.object([
                "clients", "add", "--service", "--name", "Nightly Report", "--resource", scene.server, "--scope",
                "files:read", "--jwks", file,
            ])
            #expect(added["client_secret"] == nil)
            try await client.connect(
                to: scene.server,
                as: .service(added, authentication: "private_key_jwt", issuer: scene.gatehouse.issuer))
            #expect(try await client.call("list_files") != nil)
            try await client.expireAccessToken()
            #expect(try await client.call("list_files") != nil)
            let holding = try await client.holding()
            #expect(holding.turns == 2 && holding.refreshToken == nil && holding.pages.isEmpty)
            #expect(try await scene.sessions().count == 1)
        }
    }

    @Test func `a withdrawn permission stops it at its next call`() async throws {
        try await Scene.play { scene in
            let client = try SDKClient(on: scene.stage)
            let added = try await add(scene, authentication: "client_secret_basic")
            try await client.connect(
                to: scene.server,
                as: .service(added, authentication: "client_secret_basic", issuer: scene.gatehouse.issuer))
            #expect(try await client.call("list_files") != nil)
            let id = added["client_id"]?.string ?? ""
            _ = try await scene.gatehouse.object([
                "clients", "permit", id, "--resource", scene.server, "--revoke", "--yes",
            ])
            // The SDK closes its connection when its request for a token is refused.
            await #expect(throws: (any Error).self) { try await client.call("list_files") }
            #expect(try await scene.sessions("--state", "active").isEmpty)
        }
    }

    @Test func `it steps up within its permission, and a tool that needs a user says so`() async throws {
        try await Scene.play { scene in
            let client = try SDKClient(on: scene.stage)
            let added = try await add(
                scene, authentication: "client_secret_basic", scopes: ["files:read", "files:write"])
            try await client.connect(
                to: scene.server,
                as: .service(added, authentication: "client_secret_basic", issuer: scene.gatehouse.issuer))
            #expect(try await client.call("write_file", ["name": "plan.txt", "text": "ship it"]) != nil)
            #expect(try await scene.sessions().count == 1)
            let outcome = try await client.outcome("delete_file", ["name": "plan.txt"])
            #expect(outcome.failed && outcome.text.contains("needs a user"))
        }
    }
}
