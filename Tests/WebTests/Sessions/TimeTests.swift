import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Time and restarts")
struct TimeTests {
    @Test func `a clock that steps back ends nothing, prolongs nothing and opens nothing again`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens(lifetime: "1h")
            let first = try #require(try await h.sessions().first)
            let code = try await h.code()
            #expect(try await h.redeem(code).status == .ok)
            h.clock.advance(by: -1800)
            let next = try await h.refresh(tokens.refresh)
            #expect(next.status == .ok)
            #expect(try await h.introspect(next.tokens.access)["active"] == true)
            #expect(try await h.sessions().first { $0.id == first.id }?.expiresAt == first.expiresAt)
            #expect(try await h.redeem(code).error == "invalid_grant")
            h.clock.advance(by: 1800 + 3600)
            #expect(try await h.refresh(next.tokens.refresh).error == "invalid_grant")
            #expect(try await h.introspect(next.tokens.access)["active"] == false)
        }
    }

    @Test func `while the clock stands still every turn counts, and no token is made twice`() async throws {
        try await Harness.run { h in
            var tokens = try await h.tokens()
            var seen: Set<String> = [tokens.access, tokens.refresh ?? ""]
            for _ in 0..<20 {
                tokens = try await h.refresh(tokens.refresh).tokens
                #expect(seen.insert(tokens.access).inserted)
                #expect(seen.insert(tokens.refresh ?? "").inserted)
            }
        }
    }

    @Test func `a token expires at its second, and all tokens expire with their session`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            h.clock.advance(by: 599)
            #expect(try await h.introspect(tokens.access)["active"] == true)
            let next = try await h.refresh(tokens.refresh).tokens
            h.clock.advance(by: 1)
            #expect(try await h.introspect(tokens.access)["active"] == false)
            #expect(try await h.introspect(next.access)["active"] == true)
            _ = try await h.send("/revoke", [("token", next.refresh ?? ""), ("client_id", "quill")])
            #expect(try await h.introspect(next.access)["active"] == false)
        }
    }

    @Test func `a server that starts again remembers every turn`() async throws {
        try await Harness.run { h in
            let first = try await h.tokens()
            let second = try await h.refresh(first.refresh).tokens
            h.clock.advance(by: 121)
            try h.gatehouse.store.close()
            let folder = h.folder
            let store = try Store(path: folder + "/gatehouse.sqlite")
            let keys = try KeyRing.open(directory: folder + "/keys", now: h.clock.now.seconds, createIfEmpty: false)
            let again = Gatehouse(
                settings: h.gatehouse.settings, store: store, keys: keys,
                fetcher: DocumentFetcher(policy: try FetchPolicy(), rulesIn: store), operators: OperatorClient(),
                clock: h.clock.wall, hasher: PasswordHasher(cost: .cheapForTests), log: CapturedLog().logger)
            func refresh(_ token: String?) async throws -> TokenResponse {
                try await again.token.answer(
                    OAuth.Parameters(query: "grant_type=refresh_token&client_id=quill&refresh_token=\(token ?? "")"),
                    authorization: nil)
            }
            #expect(try await refresh(second.refresh).refreshToken != nil)
            await #expect(throws: OAuthError.self) { try await refresh(first.refresh) }
            await #expect(throws: OAuthError.self) { try await refresh(second.refresh) }
            try store.close()
        }
    }

    @Test func `seven processes that share one token for a day never lose it`() async throws {
        try await Harness.run { h in
            var shared = try await h.tokens(lifetime: "30d")
            for round in 0..<288 {
                let read = shared
                // All find the token about to expire, and come with the same one within the grace, in any order.
                for process in 0..<7 {
                    let answer = try await h.refresh(read.refresh)
                    #expect(answer.status == .ok, "round \(round), process \(process)")
                    shared = answer.tokens
                    h.clock.advance(by: 17)
                }
                h.clock.advance(by: 300 - 7 * 17)
            }
            #expect(try await h.sessions().count == 1)
        }
    }
}
