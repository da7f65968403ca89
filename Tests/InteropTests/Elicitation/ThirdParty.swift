import JOSE
import TestSupport

/// An independent authorization server with a user's account.
struct ThirdParty: Sendable {
    private static let secret = "the client secret at the provider"

    /// Its issuer, as it names itself.
    let issuer: String
    /// The scripted sign-in and consent at the provider, the `elsewhere` of an SDK client's user.
    let account: JSONObject
    private let conversation: Conversation

    /// Starts it, registers it at the scene's Gatehouse as `hub`, and lets the scene's MCP server use it.
    static func start(in scene: Scene, authentication: String = "client_secret_basic") async throws -> ThirdParty {
        let conversation = try Conversation("provider.py", on: scene.stage)
        let answer = try await conversation.ask(
            "listen",
            [
                "lifetime": 30, "secret": .string(secret), "authentication": .string(authentication),
                "redirects": [.string(scene.gatehouse.issuer + "/connect/hub/callback")],
            ])
        guard let account = answer.object, let issuer = account["issuer"]?.string else {
            throw StageFailure("the provider gave no issuer")
        }
        _ = try await scene.gatehouse.object(
            [
                "providers", "add", "hub", "--owner", "Grace Hopper", "--issuer", issuer, "--client-id", "gatehouse",
                "--client-secret-stdin", "--auth", authentication,
            ], input: secret + "\n")
        _ = try await scene.gatehouse.object([
            "providers", "allow", "hub", scene.server, "--scope", "openid", "--scope", "profile",
        ])
        _ = try await scene.gatehouse.object([
            "resources", "policy", scene.server, "--elicitation", "confirm,connect",
        ])
        return ThirdParty(issuer: issuer, account: account, conversation: conversation)
    }

    /// Starts an API that lists pull requests for tokens that the provider accepts.
    func publishPullRequests(at port: Int) async throws {
        try await conversation.ask("publish", ["port": .integer(Int64(port))])
    }

    /// Opens the URL as a user, signs in at both servers and decides at the provider; returns the text of the last page.
    func connect(_ url: String, decision: String = "accept") async throws -> String {
        let answer = try await conversation.ask(
            "connect",
            [
                "url": .string(url), "username": "ada", "password": .string(Scene.password),
                "decision": .string(decision),
            ])
        return answer.object?["text"]?.string ?? ""
    }

    /// The provider's response to this token: status and body.
    func person(behind token: String) async throws -> (status: Int64, body: String) {
        let answer = try await conversation.ask(
            "ask", ["url": .string(issuer + "/oauth/userinfo"), "token": .string(token)]
        ).object
        return (answer?["status"]?.integer ?? 0, answer?["body"]?.string ?? "")
    }
}
