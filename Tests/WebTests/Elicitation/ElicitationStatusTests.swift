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

@Suite("An MCP server polls, waits, cancels and collects", .timeLimit(.minutes(2)))
struct ElicitationStatusTests {
    private func answered(_ h: Harness, _ decision: String = "approve") async throws -> Asked {
        let asked = try await Asked(h.ask(try await h.tokens().access))
        let browser = h.browser()
        _ = try await h.press(browser, asked, decision, at: try await h.open(browser, asked))
        return asked
    }

    @Test func `a foreign elicitation, an unknown one and a malformed id get the same bytes`()
        async throws
    {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            let other = try await h.addServer("https://other.example/mcp")
            for (method, tail) in [(HTTPRequest.Method.get, ""), (.delete, ""), (.post, "/result")] {
                let foreign = try await h.call(method, asked.path + tail, as: other)
                #expect(foreign.status == .notFound)
                #expect(foreign.error == "not_found")
                for id in [
                    ElicitationID.random().string, "x", asked.page.split(separator: "/").last.map(String.init) ?? "",
                ] {
                    let unknown = try await h.call(method, "/elicitations/\(id)\(tail)", as: other)
                    #expect(unknown.status == foreign.status)
                    #expect(unknown.body == foreign.body)
                }
            }
            #expect(try await h.call(.get, "/elicitations/\(asked.id)?wait=30", as: other).status == .notFound)
            #expect(try await h.stored(asked)?.status == .pending)
        }
    }

    @Test func `the status has its version as entity tag, and a current tag gets 304`() async throws {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            let answer = try await h.call(.get, asked.path)
            #expect(answer.headers[.eTag] == "\"v1\"")
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(answer.json["event"] == nil)
            let same = try await h.call(.get, asked.path, headers: [.ifNoneMatch: "\"v1\""])
            #expect(same.status == .notModified)
            _ = try await h.open(h.browser(), asked)
            let opened = try await h.call(.get, asked.path, headers: [.ifNoneMatch: "\"v1\""])
            #expect(opened.json["status"] == "opened")
            #expect(opened.headers[.eTag] == "\"v2\"")
        }
    }

    @Test func `a waiting request returns at the decision, with the signed event`() async throws {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            let browser = h.browser()
            let page = try await h.open(browser, asked)
            async let waiting = h.call(.get, asked.path + "?wait=25")
            await eventually { h.gatehouse.elicitations.status.waitingRequests == 1 && h.clock.sleepers == 1 }
            _ = try await h.press(browser, asked, "approve", at: page)
            let answer = try await waiting
            #expect(answer.json["status"] == "completed")
            let event = try JWT.verify(
                answer.json["event"]?.string ?? "", typ: SecurityEvent.tokenType, algorithms: [.es256],
                keys: h.gatehouse.keys.verification(.events, at: h.clock.now.seconds))
            #expect(event.claims["txn"]?.string == asked.id)
            #expect(event.claims["aud"]?.string == h.resource.identifier.string)
            #expect(event.claims["sub_id"]?.object?["sub"]?.string == h.user.subject.string)
            let said = event.claims["events"]?.object?[SecurityEventType.elicitationCompleted.rawValue]?.object
            #expect(said?["elicitation"]?.string == asked.id)
            #expect(said?["evidence"] == "witnessed")
            #expect(h.gatehouse.elicitations.status.waitingRequests == 0)
            #expect(h.clock.sleepers == 0)
        }
    }

    @Test func `a wait ends after its time, after thirty seconds at most, and when the elicitation expires`()
        async throws
    {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            async let waiting = h.call(.get, asked.path + "?wait=30", headers: [.ifNoneMatch: "\"v1\""])
            await eventually { h.clock.sleepers == 1 }
            h.clock.advance(by: 29)
            #expect(h.clock.sleepers == 1)
            h.clock.advance(by: 1)
            #expect(try await waiting.status == .notModified)
            h.clock.advance(by: 860)
            async let last = h.call(.get, asked.path + "?wait=30")
            await eventually { h.clock.sleepers == 1 }
            h.clock.advance(by: 10)
            let answer = try await last
            #expect(answer.json["status"] == "expired")
            #expect(answer.json["event"]?.string != nil)
            #expect(h.gatehouse.elicitations.status.waitingRequests == 0)
        }
    }

    @Test(arguments: ["31", "9999", "-1", "1.5", "soon"])
    func `a wait beyond thirty seconds, or of another form, is refused at once`(wait: String) async throws {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            let answer = try await h.call(.get, asked.path + "?wait=\(wait)")
            #expect(answer.status == .badRequest && answer.error == "invalid_request")
            #expect(answer.json["error_description"] == "wait must be a whole number of seconds from 0 to 30.")
            #expect(h.gatehouse.elicitations.status.waitingRequests == 0)
        }
    }

    @Test func `one decision wakes a thousand waiting requests`() async throws {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            let statuses = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<1000 {
                    group.addTask { try await h.call(.get, asked.path + "?wait=30").json["status"]?.string }
                }
                await eventually { h.clock.sleepers == 1000 }
                _ = try await h.call(.delete, asked.path)
                return try await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(statuses.count == 1000)
            #expect(statuses.allSatisfy { $0 == "cancelled" })
            #expect(h.gatehouse.elicitations.status.waitingRequests == 0)
        }
    }

    @Test func `a client that disconnects stops waiting at once`() async throws {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            let request = [
                "GET \(asked.path)?wait=30 HTTP/1.1", "Host: localhost",
                "Authorization: " + Harness.basic(h.resource.id.string, h.resourceSecret.reveal()), "", "",
            ].joined(separator: "\r\n")
            try await Wire.serving(h) { port in
                let waiting = Task { try await Wire.exchange(.port(port), request) }
                await eventually { h.gatehouse.elicitations.status.waitingRequests == 1 && h.clock.sleepers == 1 }
                waiting.cancel()
                await eventually { h.gatehouse.elicitations.status.waitingRequests == 0 && h.clock.sleepers == 0 }
                _ = try? await waiting.value
            }
        }
    }

    @Test func `the MCP server cancels it once, and an ended elicitation does not change`() async throws {
        try await Harness.run { h in
            let asked = try await Asked(h.ask(try await h.tokens().access))
            let first = try await h.call(.delete, asked.path)
            #expect(first.json["status"] == "cancelled")
            #expect(first.json["event"]?.string != nil)
            #expect(try await h.call(.delete, asked.path).json["version"] == first.json["version"])
            let record = try #require(try await h.records(.elicitationCancelled).first)
            #expect(record.actor == .resource(h.resource.id))
            #expect(record.initiator == .server)
            let done = try await answered(h)
            #expect(try await h.call(.delete, done.path).json["status"] == "completed")
        }
    }

    @Test func `the end of the session cancels pending elicitations, with an event`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let asked = try await Asked(h.ask(tokens.access))
            _ = try await h.send("/revoke", [("token", tokens.refresh ?? ""), ("client_id", "quill")])
            let answer = try await h.call(.get, asked.path)
            #expect(answer.json["status"] == "cancelled")
            #expect(answer.json["event"]?.string != nil)
            #expect(try await h.stored(asked)?.reason == "session_ended")
        }
    }

    @Test func `of a hundred simultaneous collections one gets the approval`() async throws {
        try await Harness.run { h in
            let asked = try await answered(h)
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<100 { group.addTask { try await h.call(.post, asked.path + "/result") } }
                return try await group.reduce(into: [TestResponse]()) { $0.append($1) }
            }
            #expect(answers.filter { $0.status == .ok }.count == 1)
            #expect(answers.filter { $0.status == .gone && $0.error == "already_collected" }.count == 99)
            let approval = try #require(answers.first { $0.status == .ok }?.json["approval"]?.string)
            let claims = try ApprovalClaims(
                claims: JWT.verify(
                    approval, typ: ApprovalClaims.type, algorithms: [.es256],
                    keys: h.gatehouse.keys.verification(.events, at: h.clock.now.seconds)
                ).claims)
            #expect(claims.subject == h.user.subject)
            #expect(claims.audience == h.resource.identifier)
            #expect(claims.clientID == h.registered.id)
            #expect(claims.elicitation.string == asked.id)
            #expect(claims.action == "delete_folder")
            #expect(claims.digest == (try ElicitationAction(json: Harness.action).digest))
            #expect(claims.expiresAt == h.clock.now + 300)
            #expect(try await h.records(.elicitationCollected).count == 1)
        }
    }

    @Test func `no result before the completion, after a refusal, after its time or without the session`()
        async throws
    {
        try await Harness.run { h in
            let open = try await h.askAnew(try await h.tokens().access, "open")
            let early = try await h.call(.post, open.path + "/result")
            #expect(early.status == .conflict)
            #expect(early.error == "not_completed")
            #expect(early.json["status"] == "pending")
            let declined = try await answered(h, "decline")
            #expect(try await h.call(.post, declined.path + "/result").json["status"] == "declined")
            let late = try await answered(h)
            h.clock.advance(by: 900)
            #expect(try await h.call(.post, late.path + "/result").error == "already_collected")
            let ended = try await answered(h)
            let session = try #require(try await h.stored(ended)).sessionID
            _ = try await h.gatehouse.store.write { [now = h.clock.now] in
                try $0.sessions.end(session, .byAdmin(at: now))
            }
            let refused = try await h.call(.post, ended.path + "/result")
            #expect(refused.status == .conflict)
            #expect(refused.error == "session_ended")
            #expect(try await h.records(.elicitationCollected).isEmpty)
        }
    }
}
