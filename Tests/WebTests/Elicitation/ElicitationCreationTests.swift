import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("An MCP server asks for an elicitation")
struct ElicitationCreationTests {
    private func listed(_ h: Harness) async throws -> [ElicitationListing] {
        try await h.gatehouse.store.read { [now = h.clock.now] in try $0.elicitations.list(now: now, limit: 100) }
    }

    @Test func `the answer has a handle, a URL with a public id and nothing else, and the digest`()
        async throws
    {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let answer = try await h.ask(token)
            #expect(answer.status == .created)
            let body = answer.json
            #expect(body["kind"] == "confirm")
            #expect(body["status"] == "pending")
            #expect(body["expires_at"]?.string == (h.clock.now + 900).rfc3339)
            let digest = try ElicitationAction(json: Harness.action).digest
            #expect(body["digest"]?.string == digest.base64URL)
            let asked = Asked(answer)
            let page = try #require(asked.url.split(separator: "/").last)
            #expect(asked.url == "http://localhost/e/\(page)")
            #expect(ElicitationPageID(page) != nil)
            #expect(!asked.url.contains(asked.id.dropFirst(4)))
            #expect(answer.headers[.location] == "http://localhost/elicitations/\(asked.id)")
            let stored = try #require(try await h.stored(asked))
            #expect(stored.userID == h.user.id)
            #expect(stored.clientID == h.registered.id)
            #expect(stored.resourceID == h.resource.id)
            let record = try #require(try await h.records(.elicitationCreated).first)
            #expect(record.actor == .resource(h.resource.id))
            #expect(record.initiator == .server)
            #expect(record.correlation == asked.id)
        }
    }

    @Test func `only a live token for this MCP server proves the user`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let other = try await h.addServer("https://other.example/mcp")
            var answers = [
                try await h.ask(token, as: other), try await h.ask("x"), try await h.ask(h.user.subject.string),
                try await h.ask(String(token.dropLast(8)) + "AAAAAAAA"),
            ]
            h.clock.advance(by: 600)
            answers.append(try await h.ask(token))
            let fresh = try await h.tokens()
            #expect(try await h.ask(fresh.access).status == .created)
            let session = try #require(try await h.sessions().last)
            _ = try await h.gatehouse.store.write { [now = h.clock.now] in
                try $0.sessions.end(session.id, .byAdmin(at: now))
            }
            answers.append(try await h.ask(fresh.access))
            for answer in answers {
                #expect(answer.status == .badRequest)
                #expect(answer.error == "invalid_subject_token")
                #expect(answer.body == answers[0].body)
            }
            #expect(try await listed(h).count == 1)
        }
    }

    @Test func `a request without the MCP server's credentials does nothing`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let wrong = AskingServer(resource: h.resource, secret: .random())
            let asked = try await Asked(h.ask(token))
            for answer in [
                try await h.ask(token, as: wrong), try await h.call(.get, asked.path, as: wrong),
                try await h.call(.delete, asked.path, as: wrong),
                try await h.call(.post, asked.path + "/result", as: wrong),
                try await h.client.execute(uri: asked.path, method: .get),
            ] {
                #expect(answer.status == .unauthorized)
                #expect(answer.error == "invalid_client")
                #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Basic ") ?? false)
            }
            #expect(try await h.stored(asked)?.status == .pending)
        }
    }

    @Test func `bad requests are refused and the refusal names the member`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let cases: [([String: JSON?], String)] = [
                (["kind": "password"], "kind"), (["message": nil], "message"),
                (["message": .string(String(repeating: "x", count: 501))], "message"), (["action": nil], "action"),
                (["action": ["name": "a", "summary": "b", "extra": true]], "action.extra"),
                (["expires_in": 59], "expires_in"), (["url": "https://pay.example/"], "url"),
            ]
            for (changes, member) in cases {
                let answer = try await h.ask(token, changes)
                #expect(answer.status == .badRequest)
                #expect(answer.error == "invalid_request")
                #expect(answer.json["error_description"]?.string?.hasPrefix(member + " ") ?? false, "\(member)")
            }
            let secret = try await h.ask(
                token,
                [
                    "kind": "secret", "action": nil,
                    "requested_schema": ["type": "object", "properties": ["key": ["type": "string"]]],
                ])
            #expect(secret.status == .forbidden)
            #expect(secret.error == "unsupported_kind")
            #expect(try await listed(h).isEmpty)
        }
    }

    @Test func `an equal request finds the pending elicitation, and a different one does not`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let first = try await Asked(h.ask(token))
            let again = try await Asked(h.ask(token))
            #expect(again.status == .ok)
            #expect(again.id == first.id)
            #expect(again.url == first.url)
            let other = try await h.askAnew(token, "something_else")
            #expect(other.id != first.id)
            let second = try await h.tokens().access
            #expect(try await Asked(h.ask(second)).id != first.id, "another session asks anew")
            _ = try await h.call(.delete, first.path)
            #expect(try await Asked(h.ask(token)).id != first.id)
        }
    }

    @Test func `an idempotency key finds its request, and never another one`() async throws {
        try await Harness.run { h in
            var tokens = try await h.tokens()
            let token = tokens.access
            let first = try await Asked(h.ask(token, ["idempotency_key": "k1"]))
            #expect(try await Asked(h.ask(token, ["idempotency_key": "k1"])).id == first.id)
            let conflict = try await h.ask(
                token, ["idempotency_key": "k1", "action": ["name": "other", "summary": "Other"]])
            #expect(conflict.status == .conflict)
            #expect(conflict.error == "idempotency_conflict")
            h.clock.advance(by: 500)
            tokens = try await h.refresh(tokens.refresh).tokens
            #expect(try await Asked(h.ask(tokens.access, ["idempotency_key": "k1"])).id == first.id)
            h.clock.advance(by: 400)
            tokens = try await h.refresh(tokens.refresh).tokens
            let anew = try await Asked(h.ask(tokens.access, ["idempotency_key": "k1"]))
            #expect(anew.status == .created && anew.id != first.id, "the first has expired")
            #expect(try await h.stored(first)?.status == .expired)
        }
    }

    @Test func `an MCP server that creates and cancels repeatedly is limited for an hour`()
        async throws
    {
        try await Harness.run { h in
            let token = try await h.tokens().access
            for number in 1...60 {
                let asked = try await h.askAnew(token, "action_\(number)")
                _ = try await h.call(.delete, asked.path)
            }
            let next = try await h.ask(token)
            #expect(next.status == .tooManyRequests)
            #expect(next.headers[.retryAfter] != nil)
            #expect(try await listed(h).count == 60)
            h.clock.advance(by: 3600)
            #expect(try await h.ask(try await h.tokens().access).status == .created)
        }
    }
    @Test func `a user has at most five pending elicitations of one MCP server`()
        async throws
    {
        try await Harness.run { h in
            let token = try await h.tokens().access
            var asked: [Asked] = []
            for number in 1...5 { asked.append(try await h.askAnew(token, "action_\(number)")) }
            let sixth = try await h.ask(token)
            #expect(sixth.status == .tooManyRequests)
            #expect(sixth.error == "too_many_requests")
            #expect(sixth.headers[.retryAfter] != nil)
            _ = try await h.call(.delete, asked[0].path)
            #expect(try await h.ask(token).status == .created)
        }
    }

    @Test func `an elicitation whose text grows in storage can be read back`() async throws {
        try await Harness.run { h in
            let body: JSONObject = [
                "subject_token": .string(try await h.tokens().access), "kind": "confirm", "message": "Go on?",
                "action": ["name": "a", "summary": "b", "arguments": ["text": "HERE"]],
            ]
            // Two bytes here, six as they are stored: 24 KiB become 72.
            let text = body.text.split(separator: "HERE").joined(separator: String(repeating: "\\b", count: 12_000))
            let answer = try await h.client.execute(
                uri: "/elicitations", method: .post,
                headers: [
                    .authorization: Harness.basic(h.resource.id.string, h.resourceSecret.reveal()),
                    .contentType: "application/json",
                ], body: ByteBuffer(string: text))
            #expect(answer.status == .created)
            let asked = Asked(answer)
            #expect(try await h.call(.get, asked.path).json["status"] == "pending")
            let session = try #require(try await h.sessions().last)
            let isEnded = try await h.gatehouse.store.write { [now = h.clock.now] in
                try $0.sessions.end(session.id, .byAdmin(at: now))
            }
            #expect(isEnded)
            #expect(try await h.stored(asked)?.status == .cancelled)
        }
    }

    @Test func `an idempotency key of another session is refused, because its approval would not count here`()
        async throws
    {
        try await Harness.run { h in
            let first = try await Asked(h.ask(h.tokens().access, ["idempotency_key": "k1"]))
            let other = try await h.tokens().access
            let conflict = try await h.ask(other, ["idempotency_key": "k1"])
            #expect(conflict.status == .conflict)
            #expect(conflict.error == "idempotency_conflict")
            #expect(try await h.stored(first)?.status == .pending)
            #expect(try await listed(h).count == 1)
            _ = try await h.call(.delete, first.path)
            #expect(try await Asked(h.ask(other, ["idempotency_key": "k1"])).id != first.id)
        }
    }

    @Test func `no elicitation outlives its session`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens(lifetime: "1h").access
            h.clock.advance(by: 500)
            let answer = try await h.ask(token, ["expires_in": 3600])
            #expect(answer.json["expires_at"]?.string == (h.clock.now + 3100).rfc3339)
        }
    }
}
