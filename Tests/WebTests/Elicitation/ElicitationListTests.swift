import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("An MCP server lists its open elicitations")
struct ElicitationListTests {
    private func ids(_ answer: TestResponse) -> [String] {
        (answer.json["elicitations"]?.array ?? []).compactMap { $0.object?["id"]?.string }
    }

    @Test func `each entry has the link, whom it is for and the key that found it`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            #expect(try await h.call(.get, "/elicitations").json == ["elicitations": []])
            let made = try await h.ask(token, ["idempotency_key": "k1"])
            let listed = try await h.call(.get, "/elicitations")
            #expect(listed.status == .ok && listed.headers[.cacheControl] == "no-store")
            let entry = try #require(listed.json["elicitations"]?.array?.first?.object)
            for (name, value) in made.json.members { #expect(entry[name] == value, "\(name)") }
            let session = try #require(try await h.stored(Asked(made))).sessionID
            #expect(entry["subject"]?.string == h.user.subject.string && entry["client_id"] == "quill")
            #expect(entry["session_id"]?.string == session.string && entry["idempotency_key"] == "k1")
            #expect(entry["created_at"]?.string == h.clock.now.rfc3339)
            #expect(entry["message"] == nil && entry["action"] == nil, "it knows what it asked")
        }
    }

    @Test func `pages follow each other without a gap, oldest first, even when one ends meanwhile`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            var made: [String] = []
            for number in 1...4 {
                made.append(try await h.askAnew(token, "a\(number)").id)
                h.clock.advance(by: 1)
            }
            let first = try await h.call(.get, "/elicitations?limit=2")
            #expect(ids(first) == Array(made[..<2]))
            let next = try #require(first.json["next"]?.string)
            _ = try await h.call(.delete, "/elicitations/\(next)")
            let second = try await h.call(.get, "/elicitations?limit=2&after=\(next)")
            #expect(ids(second) == Array(made[2...]) && second.json["next"] == nil)
            #expect(ids(try await h.call(.get, "/elicitations?limit=100")) == [made[0]] + made[2...])
        }
    }

    @Test func `no other MCP server's, no ended and no expired one is listed`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let other = try await h.addServer("https://other.example/mcp")
            let (open, ended) = (try await h.askAnew(token, "open"), try await h.askAnew(token, "ended"))
            _ = try await h.call(.delete, ended.path)
            #expect(ids(try await h.call(.get, "/elicitations")) == [open.id])
            #expect(ids(try await h.call(.get, "/elicitations", as: other)).isEmpty)
            let wrong = AskingServer(resource: h.resource, secret: .random())
            #expect(try await h.call(.get, "/elicitations", as: wrong).status == .unauthorized)
            h.clock.advance(by: 900)
            #expect(ids(try await h.call(.get, "/elicitations")).isEmpty)
        }
    }

    @Test func `an unreadable row hides no other`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let (bad, good) = (try await h.askAnew(token, "bad"), try await h.askAnew(token, "good"))
            try await h.gatehouse.store.write {
                _ = try $0.execute("UPDATE elicitations SET client_id = 'not a client' WHERE id = ?1", bad.id)
            }
            #expect(ids(try await h.call(.get, "/elicitations")) == [good.id])
        }
    }

    @Test func `a page that ends with unreadable rows still names where the list goes on`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            var made: [String] = []
            for number in 1...5 {
                made.append(try await h.askAnew(token, "a\(number)").id)
                h.clock.advance(by: 1)
            }
            try await h.gatehouse.store.write { [bad = Array(made[..<3])] in
                for id in bad {
                    _ = try $0.execute("UPDATE elicitations SET client_id = 'not a client' WHERE id = ?1", id)
                }
            }
            let first = try await h.call(.get, "/elicitations?limit=1")
            #expect(ids(first) == [made[3]])
            let next = try #require(first.json["next"]?.string)
            let second = try await h.call(.get, "/elicitations?limit=1&after=\(next)")
            #expect(ids(second) == [made[4]] && second.json["next"] == nil)
        }
    }

    @Test func `a limit out of range and a place that is not its own are refused`() async throws {
        try await Harness.run { h in
            let other = try await h.addServer("https://other.example/mcp")
            let asked = try await Asked(h.ask(h.tokens().access))
            for query in [
                "limit=0", "limit=101", "limit=x", "limit=1&limit=2", "after=x", "after=\(ElicitationID.random())",
            ] {
                let answer = try await h.call(.get, "/elicitations?\(query)")
                #expect(answer.status == .badRequest && answer.error == "invalid_request", "\(query)")
            }
            #expect(try await h.call(.get, "/elicitations?after=\(asked.id)", as: other).status == .badRequest)
        }
    }
}
