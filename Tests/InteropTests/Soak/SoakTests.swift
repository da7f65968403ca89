import Foundation
import JOSE
import TestSupport
import Testing

/// Ends the server in the middle of its work, again and again: a few rounds here, `SOAK` of them when that is set.
@Suite("Durability: answered requests survive the server")
struct SoakTests {
    private static let rounds = ProcessInfo.processInfo.environment["SOAK"].flatMap { Int($0) } ?? 3
    private static let clients = 6
    private static let answersBeforeTheKill = 60

    @Test func `kill -9 under load loses no answered refresh, and brings no spent or revoked grant back`()
        async throws
    {
        try await Stage.play { stage in
            var (visitor, work) = try await Self.open(on: stage)
            for _ in 0..<Self.rounds {
                try await work.spendAndRevoke(by: visitor)
                let process = visitor.gatehouse.process
                await work.goOn(with: visitor) { if $0 == Self.answersBeforeTheKill { process.kill() } }
                visitor = visitor.at(try await visitor.gatehouse.restarted())
                #expect(try await work.losses(at: visitor) == [])
            }
        }
    }

    @Test func `A power cut at any write loses no answered refresh, and brings no spent or revoked grant back`()
        async throws
    {
        try await Stage.play { stage in
            var (visitor, work) = try await Self.open(on: stage)
            for round in 0..<Self.rounds {
                let cut = PowerCut(after: .random(in: 1...400), seed: .random(in: .min ... .max))
                // The server also writes during its start; then there is no client to continue with.
                if let mains = try? await visitor.gatehouse.restarted(environment: cut.environment(on: stage)) {
                    await work.goOn(with: visitor.at(mains))
                }
                visitor = visitor.at(try await visitor.gatehouse.restarted())
                #expect(try await work.losses(at: visitor) == [], "round \(round), \(cut)")
            }
        }
    }

    @Test func `The simulated power cut catches a disk that only says that it has written the log`() async throws {
        try await Stage.play { stage in
            var (visitor, work) = try await Self.open(on: stage)
            let cut = PowerCut(after: 200, seed: 1, lies: true)
            await work.goOn(
                with: visitor.at(try await visitor.gatehouse.restarted(environment: cut.environment(on: stage))))
            visitor = visitor.at(try await Self.restored(visitor.gatehouse, on: stage))
            #expect(try await work.losses(at: visitor).contains("an answered refresh token is refused"))
        }
    }

    /// Starts on the data that such a disk kept. If it is older than the checkpoints in the keys folder, an operator accepts it.
    private static func restored(_ gatehouse: RunningGatehouse, on stage: Stage) async throws -> RunningGatehouse {
        if let served = try? await gatehouse.restarted() { return served }
        #expect(try stage.log("gatehouse").contains("older than the checkpoints"))
        _ = try await gatehouse.json(["audit", "accept-restore", "--reason", "the disk lied"])
        return try await gatehouse.restarted()
    }

    /// A server with one user, one MCP server, one client and live sessions.
    private static func open(on stage: Stage) async throws -> (Visitor, AnsweredWork) {
        let gatehouse = try await RunningGatehouse.start(on: stage)
        _ = try await gatehouse.object(["users", "add", "ada", "--password-stdin"], input: Scene.password + "\n")
        _ = try await gatehouse.addResource("https://files.example/mcp", name: "Files", scopes: ["files:read=Read"])
        let added = try await gatehouse.addClient(redirect: Visitor.redirect)
        let visitor = Visitor(gatehouse: gatehouse, clientID: added["client_id"]?.string ?? "")
        return (visitor, try await AnsweredWork(clients: clients, of: visitor))
    }
}
