import AuthorizationServer
import Dispatch
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("A code that is redeemed twice")
struct CodeRepetitionTests {
    private func isAlive(_ h: Harness, _ tokens: Tokens) async throws -> Bool {
        let state = try await h.sessions().last?.state
        let answer = try await h.introspect(tokens.access)["active"]?.bool
        return state == .active && answer == true
    }

    @Test(arguments: [0, 1] as [Int64])
    func `the same request at most a second later is invalid_grant and ends nothing`(seconds: Int64) async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            let tokens = try await h.redeem(grant).tokens
            h.clock.advance(by: seconds)
            let second = try await h.redeem(grant)
            #expect(second.status == .badRequest && second.error == "invalid_grant")
            #expect(second.json["access_token"] == nil)
            #expect(try await isAlive(h, tokens))
            #expect(try await h.refresh(tokens.refresh).status == .ok)
            #expect(try await h.records(.sessionEnded).isEmpty)
        }
    }

    @Test func `a third one ends the session`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            let tokens = try await h.redeem(grant).tokens
            for _ in 0..<2 { #expect(try await h.redeem(grant).error == "invalid_grant") }
            #expect(try await !isAlive(h, tokens))
            #expect(try await h.sessions().map(\.state) == [.ended])
        }
    }

    @Test(arguments: [2, 30, 59, 600, -1, -60] as [Int64])
    func `the same request at any other time ends the session`(seconds: Int64) async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            let tokens = try await h.redeem(grant).tokens
            h.clock.advance(by: seconds)
            #expect(try await h.redeem(grant).error == "invalid_grant")
            #expect(try await h.sessions().map(\.state) == [.ended])
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await h.records(.sessionEnded).count == 1)
        }
    }

    /// What a second request may differ in; nil leaves the parameter out.
    enum Difference: String, CaseIterable, Sendable {
        case verifier, redirect, noRedirect, resource, client

        func changes(_ other: RegisteredClient) -> [String: String?] {
            switch self {
            case .verifier: ["code_verifier": CodeVerifier.random().reveal()]
            case .redirect: ["redirect_uri": Harness.loopback]
            case .noRedirect: ["redirect_uri": nil]
            case .resource: ["resource": "https://elsewhere.example/mcp"]
            case .client: ["client_id": other.id.string]
            }
        }

        /// Why such a request is refused that comes first; nil where it is as good as the other one.
        var causeWhenFirst: String? {
            switch self {
            case .verifier: "wrong verifier"
            case .redirect: "another redirect URI"
            case .noRedirect: nil
            case .resource: "The approval is for another resource"
            case .client: "another client"
            }
        }
    }

    @Test(arguments: Difference.allCases)
    func `another request at the same moment ends the session`(difference: Difference) async throws {
        try await Harness.run { h in
            let other = try await h.register("other", redirects: [Harness.redirect])
            let grant = try await h.code()
            let tokens = try await h.redeem(grant).tokens
            #expect(try await h.redeem(grant, difference.changes(other)).error == "invalid_grant")
            #expect(try await h.sessions().map(\.state) == [.ended])
            #expect(try await h.introspect(tokens.access)["active"]?.bool == false)
            let records = try await h.records(.sessionEnded)
            #expect(records.map(\.reason) == ["the authorization code was redeemed twice"])
        }
    }

    @Test func `a request that is refused for its secret does not count`() async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            let grant = try await h.code(nil, ["client_id": "vault"])
            let right = ["client_id": "vault", "client_secret": secret.reveal()]
            let tokens = try await h.redeem(grant, right).tokens
            // Who is not the client never comes as far as the code.
            #expect(try await h.redeem(grant, ["client_id": "vault"]).error == "invalid_client")
            #expect(try await isAlive(h, tokens))
            #expect(try await h.redeem(grant, right).error == "invalid_grant")
            #expect(try await isAlive(h, tokens))
        }
    }

    @Test func `of two simultaneous equal requests one gets tokens, and the session lives`() async throws {
        for _ in 0..<10 {
            try await Harness.run { h in
                let grant = try await h.code()
                async let one = h.redeem(grant)
                async let other = h.redeem(grant)
                let answers = try await [one, other]
                #expect(answers.map(\.status.code).sorted() == [200, 400])
                #expect(answers.compactMap(\.error) == ["invalid_grant"])
                let tokens = try #require(answers.first { $0.status == .ok }).tokens
                #expect(try await isAlive(h, tokens))
            }
        }
    }

    @Test(arguments: Difference.allCases)
    func `two simultaneous different requests end the session, unless the wrong one came first`(
        difference: Difference
    ) async throws {
        for _ in 0..<5 {
            let log = CapturedLog()
            try await Harness.run(log: log.logger) { h in
                let other = try await h.register("other", redirects: [Harness.redirect])
                let grant = try await h.code()
                async let wrong = h.redeem(grant, difference.changes(other))
                async let right = h.redeem(grant)
                let (first, second) = try await (wrong, right)
                let states = try await h.sessions().map(\.state)
                // Without its redirect a request is good as well: then the other one is the different one.
                guard let cause = difference.causeWhenFirst else {
                    #expect([first, second].count { $0.status == .ok } == 1 && states == [.ended])
                    return
                }
                #expect(first.status == .badRequest && second.status == .ok)
                let cameFirst = log.lines.contains { $0.contains("cause=\(cause)") }
                #expect(states == (cameFirst ? [.active] : [.ended]))
            }
        }
    }

    @Test func `a request that waits for the database is judged by the time at which it runs`() async throws {
        try await Harness.run { h in
            let (store, grant) = (h.gatehouse.store, try await h.code())
            let gate = DispatchSemaphore(value: 0)
            let isBlocked = Atomic<Bool>(false)
            async let blocking: Void = store.write { _ in
                isBlocked.store(true, ordering: .sequentiallyConsistent)
                gate.wait()
            }
            await eventually { isBlocked.load(ordering: .sequentiallyConsistent) }
            async let one = h.redeem(grant).status.code
            await eventually { store.waitingWrites == 1 }
            // The second comes two seconds later, and both have their turn in the same one.
            h.clock.advance(by: 2)
            async let other = h.redeem(grant).status.code
            await eventually { store.waitingWrites == 2 }
            gate.signal()
            _ = try await blocking
            #expect(try await [one, other] == [200, 400])
            #expect(try await h.sessions().map(\.state) == [.active])
        }
    }

    @Test func `a code that wrong verifiers spent is never repeated`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            for _ in 0..<3 { _ = try await h.redeem(grant, ["code_verifier": CodeVerifier.random().reveal()]) }
            #expect(try await h.redeem(grant).error == "invalid_grant")
            #expect(try await h.sessions().map(\.state) == [.ended])
        }
    }
}
