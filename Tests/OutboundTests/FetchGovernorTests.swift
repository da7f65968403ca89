import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Outbound

@Suite("Client metadata documents: how often")
struct FetchGovernorTests {
    /// Time that a test moves by hand.
    private final class Hands: Sendable {
        private let time = Mutex(NIODeadline.uptimeNanoseconds(1_000_000_000_000))

        var now: NIODeadline { time.withLock { $0 } }

        func advance(_ amount: TimeAmount) {
            time.withLock { $0 = $0 + amount }
        }
    }

    private static func url(_ host: String, _ query: Int = 0) throws -> RemoteURL {
        try RemoteURL(stranger: "https://\(host)/x?\(query)")
    }

    private static let good = FetchGovernor.Outcome.success(
        FetchedDocument(url: "", response: OutboundResponse(status: 200, fields: [], body: [])))
    private static let bad = FetchGovernor.Outcome.failure(.interrupted)

    private static func failure(_ outcome: FetchGovernor.Outcome) -> OutboundFailure? {
        guard case .failure(let failure) = outcome else { return nil }
        return failure
    }

    @Test func `a thousand query variants of one host are a handful of connections`() async throws {
        let fixture = try await FetcherFixture { _ in LoopbackServer.http("200 OK", body: "{}") }
        let outcomes = await withTaskGroup(of: OutboundFailure?.self) { group in
            for variant in 0..<1000 { group.addTask { await fixture.failure("/x?\(variant)") } }
            return await group.reduce(into: [OutboundFailure?]()) { $0.append($1) }
        }
        #expect(fixture.server.connections <= 5)
        // One asker has four under way at a time, and five a minute of one host.
        #expect((4...5).contains(outcomes.filter { $0 == nil }.count))
        #expect(outcomes.count == 1000)
    }

    @Test func `a hundred calls for one URL are one fetch`() async throws {
        let governor = FetchGovernor(budget: FetchBudget(), now: { .now() })
        let url = try Self.url("client.example")
        let fetches = Shared(0)
        let outcomes = await withTaskGroup(of: OutboundFailure?.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    let outcome = await governor.run(url) {
                        fetches.withLock { $0 += 1 }
                        await eventually { await governor.coalesced == 99 }
                        return Self.good
                    }
                    return Self.failure(outcome)
                }
            }
            return await group.reduce(into: [OutboundFailure?]()) { $0.append($1) }
        }
        #expect(outcomes == Array(repeating: nil, count: 100))
        #expect(fetches.withLock { $0 } == 1)
    }

    @Test func `five fetches a minute from one host, then again in the next`() async throws {
        let hands = Hands()
        let governor = FetchGovernor(budget: FetchBudget(), now: { hands.now })
        for query in 0..<5 {
            #expect(
                Self.failure(await governor.run(try Self.url("client.example", query)) { Self.bad }) == .interrupted)
        }
        let next = try Self.url("client.example", 5)
        #expect(Self.failure(await governor.run(next) { Self.good }) == .overBudget(host: "client.example"))
        #expect(Self.failure(await governor.run(try Self.url("other.example")) { Self.good }) == nil)
        hands.advance(.seconds(59))
        #expect(Self.failure(await governor.run(next) { Self.good }) == .overBudget(host: "client.example"))
        hands.advance(.seconds(1))
        #expect(Self.failure(await governor.run(next) { Self.good }) == nil)
    }

    private static func claim(_ asker: String, _ standing: FetchClaim.Standing = .newHost) -> FetchClaim {
        FetchClaim(askers: ["person \(asker)", "browser \(asker)"], standing: standing)
    }

    @Test func `thirty new hosts a minute, while one that delivered before goes on`() async throws {
        let hands = Hands()
        let governor = FetchGovernor(budget: FetchBudget(), now: { hands.now })
        for host in 0..<30 {
            let url = try Self.url("h\(host).example")
            let outcome = await governor.run(url, for: Self.claim("\(host / 10)")) { Self.bad }
            #expect(Self.failure(outcome) == .interrupted)
        }
        let late = try Self.url("late.example")
        #expect(
            Self.failure(await governor.run(late, for: Self.claim("x")) { Self.good })
                == .overBudget(host: "late.example"))
        #expect(Self.failure(await governor.run(late, for: Self.claim("x", .knownHost)) { Self.good }) == nil)
        hands.advance(.minutes(1))
        #expect(Self.failure(await governor.run(late, for: Self.claim("x")) { Self.good }) == nil)
    }

    @Test func `a person in many browsers, and a browser with many persons, has ten of the thirty new hosts`()
        async throws
    {
        let governor = FetchGovernor(budget: FetchBudget(), now: { .uptimeNanoseconds(1_000_000_000_000) })
        func outcome(_ host: Int, _ askers: [String]) async throws -> OutboundFailure? {
            let claim = FetchClaim(askers: askers, standing: .newHost)
            return Self.failure(await governor.run(try Self.url("h\(host).example"), for: claim) { Self.good })
        }
        for host in 0..<10 { #expect(try await outcome(host, ["person ada", "browser \(host)"]) == nil) }
        #expect(try await outcome(10, ["person ada", "browser new"]) == .overBudget(host: "h10.example"))
        #expect(try await outcome(11, ["person bob", "browser bob"]) == nil)
        for host in 12..<22 { #expect(try await outcome(host, ["person p\(host)", "browser shared"]) == nil) }
        #expect(try await outcome(22, ["person p22", "browser shared"]) == .overBudget(host: "h22.example"))
    }

    @Test
    func `five bad paths beside a document keep nobody else from its host, and nobody from a document that was good`()
        async throws
    {
        let governor = FetchGovernor(budget: FetchBudget(), now: { .uptimeNanoseconds(1_000_000_000_000) })
        for path in 0..<5 {
            _ = await governor.run(try Self.url("client.example", path), for: Self.claim("eve")) { Self.bad }
        }
        let (new, known) = (try Self.url("client.example", 100), try Self.url("client.example", 101))
        #expect(
            Self.failure(await governor.run(new, for: Self.claim("eve")) { Self.good })
                == .overBudget(host: "client.example"))
        #expect(Self.failure(await governor.run(new, for: Self.claim("ada")) { Self.good }) == nil)
        // However many there are who ask for bad paths.
        for number in 0..<40 {
            let url = try Self.url("client.example", 200 + number)
            _ = await governor.run(url, for: Self.claim("eve \(number)")) { Self.bad }
        }
        #expect(Self.failure(await governor.run(known, for: Self.claim("eve", .knownDocument)) { Self.good }) == nil)
        #expect(Self.failure(await governor.run(known, for: Self.claim("ada", .knownDocument)) { Self.good }) == nil)
    }

    @Test func `one person has four fetches under way at a time`() async throws {
        let governor = FetchGovernor(budget: FetchBudget(), now: { .uptimeNanoseconds(1_000_000_000_000) })
        let isReleased = Shared(false)
        let refused = Shared(0)
        let outcomes = await withTaskGroup(of: OutboundFailure?.self) { group in
            for host in 0..<6 {
                group.addTask {
                    guard let url = try? Self.url("h\(host).example") else { return .interrupted }
                    let outcome = await governor.run(url, for: Self.claim("eve")) {
                        await eventually { isReleased.withLock { $0 } }
                        return Self.good
                    }
                    if Self.failure(outcome) == .busy { refused.withLock { $0 += 1 } }
                    return Self.failure(outcome)
                }
            }
            await eventually { refused.withLock { $0 } == 2 }
            if let url = try? Self.url("other.example") {
                #expect(Self.failure(await governor.run(url, for: Self.claim("ada")) { Self.good }) == nil)
            }
            isReleased.withLock { $0 = true }
            return await group.reduce(into: [OutboundFailure?]()) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == .busy } == 2)
        #expect(outcomes.count { $0 == nil } == 4)
    }

    @Test func `few run at a time, a few wait, the rest are refused at once`() async throws {
        var budget = FetchBudget()
        budget.inFlight = 2
        budget.waiting = 3
        budget.inFlightShare = 20
        let governor = FetchGovernor(budget: budget, now: { .now() })
        let state = Shared((running: 0, most: 0, refused: 0))
        let outcomes = await withTaskGroup(of: OutboundFailure?.self) { group in
            for host in 0..<20 {
                group.addTask {
                    guard let url = try? Self.url("h\(host).example") else { return .interrupted }
                    let outcome = await governor.run(url) {
                        state.withLock { state in
                            state.running += 1
                            state.most = max(state.most, state.running)
                        }
                        await eventually { state.withLock { $0.refused == 15 && $0.most == 2 } }
                        state.withLock { $0.running -= 1 }
                        return Self.good
                    }
                    if Self.failure(outcome) == .busy { state.withLock { $0.refused += 1 } }
                    return Self.failure(outcome)
                }
            }
            return await group.reduce(into: [OutboundFailure?]()) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == .busy }.count == 15)
        #expect(outcomes.filter { $0 == nil }.count == 5)
        #expect(state.withLock { $0.most } == 2)
    }
}
