import JOSE
import Synchronization
import TestSupport

/// The responses of a server to concurrent clients until it is killed: all of them have to survive the server.
struct AnsweredWork: Sendable {
    /// The newest refresh token that each client has.
    private(set) var held: [String] = []
    /// Codes that were redeemed.
    private(set) var spent: [Visitor.Code] = []
    /// Refresh tokens of sessions that were ended.
    private(set) var revoked: [String] = []

    /// So many clients, each with a session of its own.
    init(clients: Int, of visitor: Visitor) async throws {
        for _ in 0..<clients { held.append(try Self.token(in: try await visitor.redeem(try await visitor.code()))) }
    }

    /// Redeems a code and revokes its session.
    mutating func spendAndRevoke(by visitor: Visitor) async throws {
        let code = try await visitor.code()
        let token = try Self.token(in: try await visitor.redeem(code))
        spent.append(code)
        guard try await visitor.revoke(token).status == 200 else { throw StageFailure("the revocation was refused") }
        revoked.append(token)
    }

    /// Refreshes with every token side by side, and redeems and revokes beside them, until the server is gone.
    ///
    /// - Parameter after: receives the number of answered refreshes.
    mutating func goOn(with visitor: Visitor, after: @escaping @Sendable (Int) -> Void = { _ in }) async {
        let answers = Answers()
        let refreshing = Task { [held] in
            let newest = await Self.refresh(held, by: visitor) { after(answers.count()) }
            answers.end()
            return newest
        }
        while !answers.haveEnded, (try? await spendAndRevoke(by: visitor)) != nil {}
        held = await refreshing.value
    }

    private static func refresh(
        _ tokens: [String], by visitor: Visitor, each answered: @escaping @Sendable () -> Void
    ) async -> [String] {
        await withTaskGroup(of: (Int, String).self) { group in
            for (index, token) in tokens.enumerated() {
                group.addTask {
                    var latest = token
                    while let answer = try? await visitor.refresh(latest), let next = try? Self.token(in: answer) {
                        latest = next
                        answered()
                    }
                    return (index, latest)
                }
            }
            return await group.reduce(into: tokens) { $0[$1.0] = $1.1 }
        }
    }

    /// Asks a server about everything that was answered, each time with a sentence for what it does not know any more.
    mutating func losses(at visitor: Visitor) async throws -> [String] {
        var losses: [String] = []
        // Before the codes: presenting a spent one ends its session anyway.
        for token in revoked where try await visitor.refresh(token).status != 400 {
            losses.append("an ended session goes on")
        }
        for code in spent where try await visitor.redeem(code).status != 400 {
            losses.append("a spent code is good again")
        }
        (spent, revoked) = ([], [])
        for (index, token) in held.enumerated() {
            let answer = try await visitor.refresh(token)
            guard let next = try? Self.token(in: answer) else {
                losses.append("an answered refresh token is refused")
                continue
            }
            held[index] = next
        }
        for command in [["audit", "verify"], ["db", "check"]] {
            let printed = try await visitor.gatehouse.command(command)
            if printed.status != 0 { losses.append("`\(command.joined(separator: " "))`: \(printed.errors)") }
        }
        return losses
    }

    private static func token(in answer: LoopbackHTTP.Response) throws -> String {
        guard answer.status == 200, let token = try answer.object()["refresh_token"]?.string else {
            throw StageFailure("refused: \(answer.status) \(answer.text)")
        }
        return token
    }
}

/// How many refreshes all clients together got answered.
private final class Answers: Sendable {
    private let number = Atomic<Int>(0)
    private let ended = Atomic<Bool>(false)

    /// Counts one more and says how many there were with it.
    func count() -> Int { number.add(1, ordering: .sequentiallyConsistent).newValue }

    /// There will be no more.
    func end() { ended.store(true, ordering: .sequentiallyConsistent) }

    /// Whether there will be no more.
    var haveEnded: Bool { ended.load(ordering: .sequentiallyConsistent) }
}
