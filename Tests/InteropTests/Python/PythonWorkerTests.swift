import Foundation
import JOSE
import TestSupport
import Testing

/// What `docs/python.md` says of several processes, with two of them.
@Suite("gatehouse-mcp: two processes behind one port")
struct PythonWorkerTests {
    private static let key = "canary-sk-4711"

    private func connect(
        to workers: PythonWorkers, _ era: SDKClient.Era, _ opens: SDKClient.Opening, person: JSONObject = [:],
        in scene: Scene
    ) async throws -> SDKClient {
        let client = try SDKClient(on: scene.stage)
        try await client.connect(
            to: workers.one.server, as: .registered(scene.gatehouse.addClient()), era: era, person: person, opens: opens
        )
        return client
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `an approval runs its action once, in whichever process the call ends`(era: SDKClient.Era) async throws {
        try await Scene.play { scene in
            let workers = try await PythonWorkers.documented(in: scene)
            let client = try await connect(to: workers, era, .approveWhileHeld, in: scene)
            #expect(try await client.call("delete_note", ["name": "plan"]) == "Deleted plan.")
            #expect(try await client.holding().links.count == 1)
            let turns = try workers.turns(on: scene.stage)
            #expect(era == .handshake || Set(turns) == ["0", "1"], "the rounds reach both: \(turns)")
            let asked = try await scene.gatehouse.object(["elicitations", "list"])
            #expect(asked["status"] == "completed")
        }
    }

    @Test(arguments: SDKClient.Era.allCases)
    func `a secret that was asked for in one process reaches the tool in the other, and no log`(
        era: SDKClient.Era
    ) async throws {
        try await Scene.play { scene in
            let workers = try await PythonWorkers.documented(in: scene)
            try await workers.one.allow(["--elicitation", "confirm,secret"], in: scene)
            let client = try await connect(to: workers, era, .approve, person: ["types": .string(Self.key)], in: scene)
            let said = try await client.outcome("connect_upstream")
            #expect(said.text == "Stored a key of 14 characters." && !said.failed, "\(said.text)")
            for log in ["one", "two", "balancer", "gatehouse"] { #expect(try !scene.stage.log(log).contains(Self.key)) }
            #expect(try await client.holding().links.count == 1)
        }
    }

    @Test func `the same state in both processes at once runs the action once`() async throws {
        try await Scene.play { scene in
            let workers = try await PythonWorkers.documented(in: scene)
            let client = try await connect(to: workers, .modern, .never, in: scene)
            let token = try await client.holding().accessToken
            for _ in 0..<5 {
                let call = CallRounds(token: token, tool: "delete_note", arguments: ["name": "diary"])
                let first = try await call.send(to: workers.one.port)
                #expect(try await client.visit(first.link) == 200)
                async let one = call.send(to: workers.one.port, first.state)
                async let two = call.send(to: workers.two.port, first.state)
                let answers = try await [one, two]
                let refused = answers.filter(\.isFailure)
                #expect(refused.count == 1, "\(answers)")
                #expect(refused.first?.text?.contains("was used before") == true, "\(refused)")
            }
        }
    }

    @Test func `a state of another server's seal is refused by both`() async throws {
        try await Scene.play { scene in
            let workers = try await PythonWorkers.documented(in: scene)
            let stranger = try await DocumentedServer.serve("README.md", in: scene)
            let client = try await connect(to: workers, .modern, .never, in: scene)
            let other = try SDKClient(on: scene.stage)
            try await other.connect(
                to: stranger.server, as: .registered(scene.gatehouse.addClient()), era: .modern, opens: .never)
            let foreign = CallRounds(
                token: try await other.holding().accessToken, tool: "delete_note", arguments: ["name": "plan"])
            let state = try await foreign.send(to: stranger.port).state
            let call = CallRounds(
                token: try await client.holding().accessToken, tool: "delete_note", arguments: ["name": "plan"])
            for port in [workers.one.port, workers.two.port] {
                let answer = try await call.send(to: port, state)
                #expect(answer.text == nil && answer.state == nil, "\(answer)")
            }
        }
    }

    @Test func `the token of a revoked session is refused by both, and one of them hears the event`() async throws {
        try await Scene.play { scene in
            let workers = try await PythonWorkers.start(
                Workspace.script("notes_server.py"), environment: ["EVENTS": "/events"], in: scene)
            try await scene.gatehouse.push(to: "http://127.0.0.1:\(workers.port)/events", of: workers.one.server)
            let client = try await connect(to: workers, .modern, .never, in: scene)
            let call = CallRounds(token: try await client.holding().accessToken, tool: "who_am_i")
            for port in [workers.one.port, workers.two.port] { #expect(try await call.send(to: port).status == 200) }
            _ = try await scene.gatehouse.json(["sessions", "revoke", "--all", "--yes"])
            for port in [workers.one.port, workers.two.port] { #expect(try await call.send(to: port).status == 401) }
            await eventually {
                let events = try await scene.gatehouse.json(["events", "list"]).array?.compactMap(\.object) ?? []
                return events.contains { $0["type"] == "session-revoked" && $0["state"] == "delivered" }
            }
            let heard = try ["one", "two"].map { log in
                try scene.stage.log(log).split(separator: "\n").count { $0.hasPrefix("heard session-revoked ses_") }
            }
            #expect(heard.sorted() == [0, 1])
        }
    }
}
