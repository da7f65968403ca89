import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("OAuth 2.1 §4.3 Refreshing")
struct RefreshTests {
    @Test func `each refresh returns the next generation of the same session`() async throws {
        try await Harness.run { h in
            var tokens = try await h.tokens()
            for _ in 0..<5 {
                let next = try await h.refresh(tokens.refresh).tokens
                #expect(next.refresh != nil && next.refresh != tokens.refresh)
                tokens = next
            }
            #expect(try await h.sessions().count == 1)
            #expect(try await h.introspect(tokens.access)["active"]?.bool == true)
        }
    }

    @Test func `a hundred parallel refreshes succeed and return the same successor`() async throws {
        try await Harness.run { h in
            let first = try await h.tokens()
            let successors = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<100 { group.addTask { try await h.refresh(first.refresh).tokens.refresh } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(successors).count == 1)
            let successor = try #require(successors.first ?? nil)
            #expect(RefreshToken(successor)?.generation == 2)
            #expect(try await h.refresh(successor).status == .ok)
        }
    }

    @Test func `a repeated refresh within the grace period returns the same successor and a fresh access token`()
        async throws
    {
        try await Harness.run { h in
            let first = try await h.tokens()
            let second = try await h.refresh(first.refresh).tokens
            h.clock.advance(by: 119)
            let again = try await h.refresh(first.refresh).tokens
            #expect(again.refresh == second.refresh)
            #expect(again.access != second.access)
            #expect(try await h.refresh(second.refresh).status == .ok)
        }
    }

    @Test func `a superseded token after its grace ends the session`() async throws {
        try await Harness.run { h in
            let first = try await h.tokens()
            let second = try await h.refresh(first.refresh).tokens
            h.clock.advance(by: 120)
            #expect(try await h.refresh(first.refresh).error == "invalid_grant")
            #expect(try await h.refresh(second.refresh).error == "invalid_grant")
            #expect(try await h.introspect(second.access)["active"]?.bool == false)
            #expect(try await h.sessions().map(\.state) == [.ended])
        }
    }

    @Test func `a fifth generation back ends the session, even within the grace`() async throws {
        try await Harness.run { h in
            let first = try await h.tokens()
            var latest = first
            for _ in 0..<5 { latest = try await h.refresh(latest.refresh).tokens }
            #expect(try await h.refresh(first.refresh).error == "invalid_grant")
            #expect(try await h.sessions().map(\.state) == [.ended])
        }
    }

    @Test func `another client's token is refused and ends nothing`() async throws {
        try await Harness.run { h in
            let other = try await h.register("other", redirects: [Harness.redirect])
            let tokens = try await h.tokens()
            #expect(try await h.refresh(tokens.refresh, ["client_id": other.id.string]).error == "invalid_grant")
            #expect(try await h.refresh(tokens.refresh).status == .ok)
        }
    }

    @Test func `a token with any bit or case changed is refused and touches nothing`() async throws {
        try await Harness.run { h in
            let token = try #require(try await h.tokens().refresh)
            for index in token.indices {
                var altered = token
                let letter: Character = token[index] == "A" ? "B" : "A"
                altered.replaceSubrange(index...index, with: String(letter))
                #expect(try await h.refresh(altered).status == .badRequest)
            }
            #expect(try await h.refresh(String(token.dropLast())).error == "invalid_grant")
            #expect(try await h.refresh(token).status == .ok)
        }
    }

    @Test func `a wider scope is narrowed to the granted one, and the session keeps its whole scope`()
        async throws
    {
        try await Harness.run { h in
            let tokens = try await h.tokens(scopes: ["files:read", "files:list"], asking: "files:read files:list")
            let narrow = try await h.refresh(tokens.refresh, ["scope": "files:read"]).tokens
            #expect(narrow.scope == "files:read")
            let wide = try await h.refresh(narrow.refresh, ["scope": "files:read files:write files:list"]).tokens
            #expect(Set(wide.scope.split(separator: " ")) == ["files:read", "files:list"])
        }
    }

    @Test func `another resource is refused and ends nothing`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let answer = try await h.refresh(tokens.refresh, ["resource": "https://other.example/mcp"])
            #expect(answer.error == "invalid_target")
            let same = try await h.refresh(tokens.refresh, ["resource": "https://FILES.example:443/mcp"])
            #expect(same.status == .ok)
        }
    }

    @Test func `no token outlives the session, and its end cannot be moved`() async throws {
        try await Harness.run { h in
            var tokens = try await h.tokens(lifetime: "1h")
            for _ in 0..<4 {
                h.clock.advance(by: 600)
                tokens = try await h.refresh(tokens.refresh).tokens
            }
            h.clock.advance(by: 900)
            let last = try await h.refresh(tokens.refresh)
            #expect(last.json["expires_in"]?.integer == 300)
            #expect(last.tokens.refresh == nil)
            h.clock.advance(by: 300)
            #expect(try await h.introspect(last.tokens.access)["active"]?.bool == false)
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
        }
    }

    @Test func `a session that stays idle for its idle timeout has expired`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens(lifetime: "30d")
            h.clock.advance(by: 14 * 86_400)
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
        }
    }

    @Test func `two installations of one client have separate sessions`() async throws {
        try await Harness.run { h in
            let one = try await h.tokens(h.browser())
            let two = try await h.tokens(h.browser())
            #expect(try await h.send("/revoke", [("token", one.refresh ?? ""), ("client_id", "quill")]).status == .ok)
            #expect(try await h.refresh(one.refresh).error == "invalid_grant")
            #expect(try await h.refresh(two.refresh).status == .ok)
        }
    }

    @Test func `a disabled account, a blocked client and a removed MCP server stop refreshing`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let now = h.clock.now
            try await h.gatehouse.store.write { [user = h.user.id] in _ = try $0.users.setDisabled(now, user) }
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await h.introspect(tokens.access)["active"]?.bool == false)
        }
        try await Harness.run { h in
            let tokens = try await h.refresh(try await h.tokens().refresh).tokens
            let now = h.clock.now
            try await h.gatehouse.store.write { [id = h.registered.id] in
                try $0.clientRules.set(ClientRule(.client(id), .block, createdAt: now))
            }
            #expect(try await h.refresh(tokens.refresh).status != .ok)
            #expect(try await h.introspect(tokens.access)["active"]?.bool == false)
        }
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let now = h.clock.now
            try await h.gatehouse.store.write { [id = h.resource.id] in
                _ = try $0.resources.remove(resource: id, .byAdmin(at: now, .resourceRemoved))
            }
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
        }
    }
}
