import Foundation
import JOSE
import Synchronization
import TestSupport
import Testing

/// Kills the server in the middle of its work, again and again: a few rounds here, `SOAK` of them when that is set.
@Suite("Durability: what was answered outlives the server")
struct SoakTests {
    private static let rounds = ProcessInfo.processInfo.environment["SOAK"].flatMap { Int($0) } ?? 3
    private static let clients = 6
    private static let answersBeforeTheKill = 60

    @Test func `P1 P2 RR3 kill -9 under load loses no answered refresh, and brings no spent or revoked grant back`()
        async throws
    {
        try await Stage.play { stage in
            var gatehouse = try await RunningGatehouse.start(on: stage)
            _ = try await gatehouse.object(["users", "add", "ada", "--password-stdin"], input: Scene.password + "\n")
            _ = try await gatehouse.addResource("https://files.example/mcp", name: "Files", scopes: ["files:read=Read"])
            let added = try await gatehouse.addClient(redirect: Visitor.redirect)
            var visitor = Visitor(gatehouse: gatehouse, clientID: added["client_id"]?.string ?? "")
            var held: [String] = []
            for _ in 0..<Self.clients { held.append(try await refreshToken(of: visitor)) }
            for _ in 0..<Self.rounds {
                let spent = try await visitor.code()
                let lost = try Self.token(in: try await visitor.redeem(spent))
                _ = try await gatehouse.http.post("/revoke", form: ["token": lost, "client_id": visitor.clientID])
                held = await refreshUntilKilled(held, by: visitor, killing: gatehouse.process)
                gatehouse = try await gatehouse.restarted()
                visitor = visitor.at(gatehouse)
                #expect(try await visitor.redeem(spent).status == 400)
                #expect(try await visitor.refresh(lost).status == 400)
                for (index, token) in held.enumerated() {
                    held[index] = try Self.token(in: try await visitor.refresh(token))
                }
            }
            #expect(try await gatehouse.command(["audit", "verify"]).status == 0)
            #expect(try await gatehouse.command(["db", "check"]).status == 0)
        }
    }

    /// Refreshes with every token side by side until the server is killed, and gives what was answered last to each.
    private func refreshUntilKilled(
        _ tokens: [String], by visitor: Visitor, killing process: ChildProcess
    ) async -> [String] {
        let answers = Answers()
        return await withTaskGroup(of: (Int, String).self) { group in
            for (index, token) in tokens.enumerated() {
                group.addTask {
                    var latest = token
                    while let answer = try? await visitor.refresh(latest), let next = try? Self.token(in: answer) {
                        latest = next
                        if answers.count() == Self.answersBeforeTheKill { process.kill() }
                    }
                    return (index, latest)
                }
            }
            return await group.reduce(into: tokens) { $0[$1.0] = $1.1 }
        }
    }

    private func refreshToken(of visitor: Visitor) async throws -> String {
        try Self.token(in: try await visitor.redeem(try await visitor.code()))
    }

    private static func token(in answer: LoopbackHTTP.Response) throws -> String {
        guard answer.status == 200, let token = try answer.object()["refresh_token"]?.string else {
            throw StageFailure("refused: \(answer.status) \(answer.text)")
        }
        return token
    }
}

/// How many answers all clients together have got.
private final class Answers: Sendable {
    private let number = Atomic<Int>(0)

    /// Counts one more and says how many there were with it.
    func count() -> Int { number.add(1, ordering: .sequentiallyConsistent).newValue }
}
