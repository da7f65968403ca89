import Foundation
import JOSE
import TestSupport
import Testing

/// Gatehouse is killed and started again while an MCP server in Python waits for a user.
@Suite("gatehouse-mcp: Gatehouse is killed and started again")
struct PythonRestartTests {
    /// What a tool waits for.
    enum Wait: String, CaseIterable, Sendable {
        case approval, secret, account, page

        var tool: String {
            switch self {
            case .approval: "delete_note"
            case .secret: "connect_upstream"
            case .account: "hub_token_length"
            case .page: "pay"
            }
        }
        var arguments: JSONObject {
            switch self {
            case .approval: ["name": "plan"]
            case .page: ["order": "4711"]
            case .secret, .account: [:]
            }
        }
        var success: String {
            switch self {
            case .approval: "Deleted plan."
            case .secret: "Stored a key of 14 characters."
            case .account: "A token of "
            case .page: "Paid 4711."
            }
        }
    }

    /// A server whose tool waits so, and what its user needs for that.
    private func serve(_ wait: Wait, in scene: Scene) async throws -> (PythonServer, person: JSONObject) {
        switch wait {
        case .approval: return (try await DocumentedServer.serve("README.md", in: scene), [:])
        case .page: return (try await shop(in: scene), [:])
        case .secret:
            let page = try await DocumentedServer.serve("docs/python.md", recipes: true, in: scene)
            try await page.allow(["--elicitation", "confirm,secret"], in: scene)
            return (page, ["types": "canary-sk-4711"])
        case .account:
            let page = try await DocumentedServer.serve("docs/python.md", recipes: true, in: scene)
            let hub = try await ThirdParty.start(in: page.scene(scene))
            return (page, ["elsewhere": .object(hub.account)])
        }
    }

    /// A server with a page of its own, over https as Gatehouse demands it.
    private func shop(in scene: Scene) async throws -> PythonServer {
        let files = try TestAuthority.shared.get().files(of: "localhost")
        let host = "127.0.0.1:\(try await LoopbackPort.free())"
        let shop = try await PythonServer.start(
            Workspace.script("notes_server.py"),
            environment: [
                "PAGE": "https://\(host)/till", "CERTIFICATE": files.certificate, "CERTIFICATE_KEY": files.key,
            ], in: scene)
        try await shop.allow(["--elicitation", "confirm,external", "--external-host", host], in: scene)
        return shop
    }

    private func client(
        of page: PythonServer, _ era: SDKClient.Era, _ opens: SDKClient.Opening, _ person: JSONObject, in scene: Scene
    ) async throws -> SDKClient {
        let client = try SDKClient(on: scene.stage)
        let registered = try await scene.gatehouse.addClient()
        try await client.connect(to: page.server, as: .registered(registered), era: era, person: person, opens: opens)
        return client
    }

    @Test(arguments: Wait.allCases, SDKClient.Era.allCases)
    func `a call that waits for its user goes on`(wait: Wait, era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            let (page, person) = try await serve(wait, in: scene)
            let client = try await client(of: page, era, .approveAfterRestart, person, in: scene)
            async let outcome = client.outcome(wait.tool, wait.arguments)
            await eventually { try await scene.gatehouse.json(["elicitations", "list"]).array?.isEmpty == false }
            _ = try await scene.gatehouse.restarted()
            let (text, failed) = try await outcome
            #expect(text.hasPrefix(wait.success) && !failed, "\(text)")
            #expect(try await client.holding().links.count == 1, "nobody is asked twice")
        }
    }

    @Test(arguments: Wait.allCases)
    func `a call of 2026-07-28 goes on when Gatehouse was away between its rounds`(wait: Wait) async throws {
        try await Scene.play { scene in
            let (page, person) = try await serve(wait, in: scene)
            let client = try await client(of: page, .modern, .never, person, in: scene)
            let token = try await client.holding().accessToken
            let call = CallRounds(token: token, tool: wait.tool, arguments: wait.arguments)
            let first = try await call.send(to: page.port)
            #expect(first.link.hasPrefix(scene.gatehouse.issuer + "/e/"))
            let again = try await scene.gatehouse.restarted()
            #expect(try await client.visit(first.link) == 200)
            let end = try await call.end(at: page.port, from: first.state)
            #expect(end.text?.hasPrefix(wait.success) == true && !end.isFailure, "\(end)")
            let records = try await again.json(["elicitations", "list"]).array ?? []
            #expect(records.compactMap { $0.object?["status"]?.string } == ["completed"])
            let replayed = try await call.send(to: page.port, first.state)
            #expect(wait == .account || replayed.isFailure, "\(replayed)")
        }
    }

    @Test func `a job that waits for its user goes on`() async throws {
        try await Scene.play { scene in
            let page = try await DocumentedServer.serve("docs/python.md", recipes: true, in: scene)
            try await page.allow(["--action", "expenses.submit=ask"], in: scene)
            let client = try await client(of: page, .modern, .never, [:], in: scene)
            #expect(try await client.call("submit_expenses") == "Started.")
            var gatehouse = scene.gatehouse
            for done in ["train", "train, hotel"] {
                var link = ""
                await eventually {
                    link = try await open(page, at: gatehouse) ?? ""
                    return !link.isEmpty
                }
                gatehouse = try await gatehouse.restarted()
                #expect(try await client.visit(link) == 200)
                await eventually { try await client.call("filed_expenses") == done }
            }
        }
    }

    /// The link of the elicitation that is open, as the MCP server can look it up.
    private func open(_ page: PythonServer, at gatehouse: RunningGatehouse) async throws -> String? {
        let fields = [LoopbackHTTP.basic(page.credentials.id, page.credentials.secret)]
        let list = try await gatehouse.http.get("/elicitations", headers: fields).object()["elicitations"]?.array
        return list?.first?.object?["url"]?.string
    }
}
