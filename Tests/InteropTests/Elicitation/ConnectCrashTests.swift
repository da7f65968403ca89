import JOSE
import ServerSupport
import TestSupport
import Testing

/// Kills the server at each step of the callback from a provider: the account is connected with its event and shown as
/// such, or nothing is and the user can try again.
@Suite("Durability: connecting an account is whole or not at all")
struct ConnectCrashTests {
    /// When the server dies, counted from the request that the provider gets.
    enum Moment: CaseIterable, Sendable {
        /// The provider has the code and has not answered.
        case whileTheProviderThinks
        /// The provider's answer is on its way, or was just read.
        case withTheAnswer
        /// The user saw the page.
        case afterThePage
    }

    @Test(arguments: Moment.allCases)
    func `kill -9 in the callback leaves a whole connection or an open request`(moment: Moment) async throws {
        let provider = try await LoopbackProvider.start()
        try await Stage.play { stage in
            var gatehouse = try await RunningGatehouse.start(on: stage)
            let walk = try await Walk(gatehouse, provider)
            for round in 0..<3 {
                provider.behave(moment == .whileTheProviderThinks ? .silent : .giving)
                let state = try await walk.depart(at: gatehouse.http)
                let before = provider.tokenRequests.count
                let http = gatehouse.http
                async let shown = walk.comeBack(state, at: http)
                if moment == .afterThePage {
                    #expect(await shown == 200)
                } else {
                    await eventually { provider.tokenRequests.count > before }
                    // The rounds differ in how far the answer got.
                    if moment == .withTheAnswer { for _ in 0..<(round * 200) { await Task.yield() } }
                }
                gatehouse.process.kill()
                let answer = await shown
                gatehouse = try await gatehouse.restarted()
                try await walk.check(shown: answer == 200, at: gatehouse)
            }
            for command in [["audit", "verify"], ["db", "check"]] {
                #expect(try await gatehouse.command(command).status == 0)
            }
        }
        try await provider.stop()
    }
}

/// A user with `connect` elicitations, one at a time.
private final class Walk: Sendable {
    private let proof: (String, String)
    private let cookie: (String, String)
    private let token: String
    private let asked: Asked

    private actor Asked {
        var id = ""
        func set(_ id: String) { self.id = id }
    }

    init(_ gatehouse: RunningGatehouse, _ provider: LoopbackProvider) async throws {
        _ = try await gatehouse.object(["users", "add", "ada", "--password-stdin"], input: Scene.password + "\n")
        let server = try await gatehouse.addResource(
            "https://files.example/mcp", name: "Files", scopes: ["files:read=Read"])
        proof = LoopbackHTTP.basic(server.id, server.secret)
        let owner = try await gatehouse.object(["resources", "show", server.id])["owner"]?.string ?? ""
        _ = try await gatehouse.object(
            [
                "providers", "add", "hub", "--owner", owner, "--authorization-endpoint", provider.address("/authorize"),
                "--token-endpoint", provider.address("/token"), "--client-id", "gatehouse", "--client-secret-stdin",
            ], input: "the client secret at the provider\n")
        _ = try await gatehouse.object(["providers", "allow", "hub", server.id, "--scope", "repo"])
        _ = try await gatehouse.object(["resources", "policy", server.id, "--elicitation", "connect"])
        let visitor = Visitor(
            gatehouse: gatehouse,
            clientID: try await gatehouse.addClient(redirect: Visitor.redirect)["client_id"]?.string ?? "")
        token = try await visitor.redeem(try await visitor.code()).object()["access_token"]?.string ?? ""
        asked = Asked()
        let page = try await gatehouse.http.get(
            try await Self.ask(token, proof, asked, at: gatehouse.http))
        let cookies = Visitor.cookies(of: page)
        let signedIn = try await gatehouse.http.post(
            "/login",
            form: [
                "interaction": Visitor.value(of: "interaction", in: page), "username": "ada",
                "password": Scene.password,
            ], headers: [("Cookie", cookies.joined(separator: "; "))])
        cookie = ("Cookie", (cookies + Visitor.cookies(of: signedIn)).joined(separator: "; "))
    }

    /// Agrees on the page of the request that is open, or of a new one; the state that the browser takes along.
    func depart(at http: LoopbackHTTP) async throws -> String {
        let path = try await Self.ask(token, proof, asked, at: http)
        let form = Visitor.value(of: "token", in: try await http.get(path, headers: [cookie]))
        let onward = try await http.post(path, form: ["token": form, "decision": "approve"], headers: [cookie])
        guard let state = onward.text.firstMatch(of: /state=([A-Za-z0-9_-]+)/) else {
            throw StageFailure("the page leads nowhere: \(onward.text)")
        }
        return String(state.1)
    }

    /// Comes back from the provider; the status of the page, if one comes.
    func comeBack(_ state: String, at http: LoopbackHTTP) async -> Int? {
        try? await http.get("/connect/hub/callback?code=c&state=\(state)", headers: [cookie]).status
    }

    /// Compares the stored state with the shown page: connection, event and token exist together or not at all.
    func check(shown: Bool, at gatehouse: RunningGatehouse) async throws {
        let http = gatehouse.http
        let id = await asked.id
        let now = try await http.get("/elicitations/\(id)", headers: [proof]).object()
        let connections = (try await gatehouse.json(["connections", "list"]).array ?? []).filter {
            $0.object?["state"] == "connected"
        }
        let isCompleted = now["status"] == "completed"
        #expect(isCompleted || !shown, "a page said that the account is connected")
        #expect(isCompleted || now["status"] == "opened")
        #expect((now["event"] != nil) == isCompleted)
        #expect(connections.count == (isCompleted ? 1 : 0))
        let exchanged = try await http.post(
            "/token",
            form: [
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": token,
                "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "audience": "urn:gatehouse:provider:hub",
            ], headers: [proof])
        #expect(exchanged.status == (isCompleted ? 200 : 400), "\(exchanged.text)")
        for connection in connections {
            _ = try await gatehouse.object(["connections", "revoke", connection.object?["id"]?.string ?? ""])
        }
    }

    private static func ask(
        _ token: String, _ proof: (String, String), _ asked: Asked, at http: LoopbackHTTP
    ) async throws -> String {
        let body: JSONObject = [
            "subject_token": .string(token), "kind": "connect", "message": "Connect your account.", "provider": "hub",
            "scope": "repo",
        ]
        let answer = try await http.post("/elicitations", json: body.text, headers: [proof])
        guard [200, 201].contains(answer.status), let made = try? answer.object(), let id = made["id"]?.string,
            let url = made["url"]?.string, let page = url.firstRange(of: "/e/")
        else { throw StageFailure("no elicitation: \(answer.status) \(answer.text)") }
        await asked.set(id)
        return String(url[page.lowerBound...])
    }
}
