import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("RFC 8936: MCP servers poll for their events")
struct EventPollTests {
    @Test func `an event is returned until it is acknowledged`() async throws {
        try await EventStage.run { stage in
            let resource = try await stage.resource("a")
            let ids = try await stage.queue(3, for: resource)
            let first = try await stage.poll(as: resource)
            #expect(first.setIDs == ids && first["moreAvailable"] == false)
            #expect(try await stage.poll(as: resource).setIDs == ids)
            let rest = try await stage.poll(["ack": .strings([ids[0], ids[2], "nonsense"])], as: resource)
            #expect(rest.setIDs == [ids[1]])
            #expect(try await stage.states(ids) == [.delivered, .waiting, .delivered])
            let done = try await stage.poll(["ack": .strings([ids[1]]), "maxEvents": 0], as: resource)
            #expect(done.setIDs.isEmpty && done["moreAvailable"] == false)
            #expect(try await stage.states(ids) == [.delivered, .delivered, .delivered])
        }
    }

    @Test func `a polled event is signed for its MCP server, with the id of its row`() async throws {
        try await EventStage.run { stage in
            let resource = try await stage.resource("a")
            let ids = try await stage.queue(for: resource)
            let token = try await stage.poll(as: resource)["sets"]?.object?[ids[0]]?.string
            let keys = stage.harness.gatehouse.keys.verification(.events, at: stage.now.seconds)
            let read = try JWT.verify(try #require(token), typ: "secevent+jwt", algorithms: [.es256], keys: keys)
            #expect(read.claims["jti"]?.string == ids[0])
            #expect(read.claims["aud"]?.string == "https://a.example/mcp")
        }
    }

    @Test func `maxEvents limits an answer, and moreAvailable tells whether there are more`() async throws {
        try await EventStage.run { stage in
            let resource = try await stage.resource("a")
            let ids = try await stage.queue(150, for: resource)
            let two = try await stage.poll(["maxEvents": 2], as: resource)
            #expect(two.setIDs == Array(ids.prefix(2)) && two["moreAvailable"] == true)
            let none = try await stage.poll(["maxEvents": 0], as: resource)
            #expect(none.setIDs.isEmpty && none["moreAvailable"] == true)
            let many = try await stage.poll(["maxEvents": 100_000], as: resource)
            #expect(many.setIDs == Array(ids.prefix(100)) && many["moreAvailable"] == true)
            let rest = try await stage.poll(["ack": .strings(ids.prefix(100))], as: resource)
            #expect(rest.setIDs == Array(ids.suffix(50)) && rest["moreAvailable"] == false)
        }
    }

    @Test func `an MCP server neither sees nor acknowledges the events of another`() async throws {
        try await EventStage.run { stage in
            let (mine, other) = (try await stage.resource("mine"), try await stage.resource("other"))
            let ids = try await stage.queue(2, for: other)
            let errors: JSONObject = [ids[1]: ["err": "invalid_audience"]]
            let answer = try await stage.poll(["ack": .strings([ids[0]]), "setErrs": .object(errors)], as: mine)
            #expect(answer.setIDs.isEmpty)
            #expect(try await stage.states(ids) == [.waiting, .waiting])
            #expect(try await stage.poll(as: other).setIDs == ids)
        }
    }

    @Test func `an event with an error is given up, unless the error is retryable`() async throws {
        try await EventStage.run { stage in
            let resource = try await stage.resource("a")
            let ids = try await stage.queue(3, for: resource)
            let errors: JSONObject = [
                ids[0]: ["err": "invalid_audience", "description": "canary"], ids[1]: ["err": "invalid_key"],
                ids[2]: ["err": "canary_of_its_own"],
            ]
            let answer = try await stage.poll(["setErrs": .object(errors)], as: resource)
            #expect(answer.setIDs.isEmpty)
            let records = try await stage.records(ids)
            #expect(records.map(\.state) == [.dead, .waiting, .waiting])
            #expect(records.map(\.lastError) == ["invalid_audience", "invalid_key", "other"])
            stage.harness.clock.advance(by: 1)
            #expect(try await stage.poll(as: resource).setIDs == [ids[1], ids[2]])
        }
    }

    @Test func `an MCP server with an events endpoint cannot poll`() async throws {
        try await EventStage.run { stage in
            let resource = try await stage.resource("a", endpoint: "http://127.0.0.1:9/events")
            let error = await #expect(throws: OAuthError.self) { try await stage.poll(as: resource) }
            #expect(error?.code == .invalidRequest && error?.description.contains("pushed") == true)
        }
    }

    @Test(
        arguments: [
            ["maxEvents": -1], ["maxEvents": "2"], ["maxEvents": 1.5], ["returnImmediately": "yes"], ["ack": "evt_x"],
            ["ack": [1]], ["setErrs": []], ["setErrs": ["evt_x": "invalid_key"]], ["setErrs": ["evt_x": ["err": 4]]],
        ] as [JSONObject])
    func `a malformed request is refused with the member's name, and acknowledges nothing`(body: JSONObject)
        async throws
    {
        try await EventStage.run { stage in
            let resource = try await stage.resource("a")
            let ids = try await stage.queue(for: resource)
            var body = body
            if body["ack"] == nil { body["ack"] = .strings(ids) }
            let asked = body
            let error = await #expect(throws: OAuthError.self) { try await stage.poll(asked, as: resource) }
            #expect(error?.code == .invalidRequest)
            #expect(asked.members.contains { error?.description.contains($0.name) == true })
            #expect(try await stage.states(ids) == [.waiting])
        }
    }

    @Test func `a request without events is held until there is one for its MCP server`() async throws {
        try await EventStage.run { stage in
            let (mine, other) = (try await stage.resource("mine"), try await stage.resource("other"))
            #expect(try await stage.poll(["returnImmediately": true], as: mine).setIDs.isEmpty)
            var endpoint = stage.harness.gatehouse.eventPoll
            endpoint.holdTime = 600
            let held = endpoint
            let answers = Counted()
            let asked = (0..<20).map { _ in
                Task {
                    defer { answers.count() }
                    return try await held.answer([:], for: mine, onDisconnect: { _ in }).object?.setIDs
                }
            }
            await eventually { held.heldRequests == 20 }
            try await stage.queue(for: other)
            #expect(answers.value == 0)
            let ids = try await stage.queue(for: mine)
            for question in asked { #expect(try await question.value == ids) }
            #expect(held.heldRequests == 0)
        }
    }
}
