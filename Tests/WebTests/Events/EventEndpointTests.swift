import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The endpoints for events")
struct EventEndpointTests {
    private func post(
        _ h: Harness, _ path: String, _ body: String, as name: String? = nil, secret: String? = nil
    ) async throws -> TestResponse {
        let credentials = LoopbackHTTP.basic(
            name ?? h.resource.id.string, secret ?? h.resourceSecret.reveal())
        return try await h.client.execute(
            uri: path, method: .post, headers: [.contentType: "application/json", .authorization: credentials.1],
            body: ByteBuffer(string: body))
    }

    private func queue(_ h: Harness) async throws -> EventID {
        let event = SecurityEvent(
            type: .elicitationDeclined, issuedAt: h.clock.now, about: .person(h.user.subject), payload: [:])
        try await h.gatehouse.store.write { try $0.events.enqueue(event, resource: h.resource.id) }
        return event.id
    }

    @Test func `an MCP server polls its events with its credentials, and the response is not cacheable`() async throws {
        try await Harness.run { h in
            let id = try await queue(h)
            let answer = try await post(h, "/events/poll", #"{"returnImmediately":true}"#)
            #expect(answer.status == .ok && answer.headers[.cacheControl] == "no-store")
            #expect(answer.headers[.contentType] == "application/json")
            #expect(answer.json["sets"]?.object?.members.map(\.name) == [id.string])
            let done = try await post(h, "/events/poll", #"{"ack":["\#(id)"],"maxEvents":0}"#)
            #expect(done.json == ["sets": [:], "moreAvailable": false])
            #expect(try await h.gatehouse.store.read { try $0.events.find(id) }?.state == .delivered)
        }
    }

    @Test func `a client that disconnects while it waits stops waiting at once`() async throws {
        try await Harness.run { h in
            let request = [
                "POST /events/poll HTTP/1.1", "Host: localhost", "Content-Type: application/json", "Content-Length: 2",
                "Authorization: " + Harness.basic(h.resource.id.string, h.resourceSecret.reveal()), "", "{}",
            ].joined(separator: "\r\n")
            try await Wire.serving(h) { port in
                let waiting = Task { try await Wire.exchange(.port(port), request) }
                await eventually { h.gatehouse.eventPoll.heldRequests == 1 }
                waiting.cancel()
                await eventually { h.gatehouse.eventPoll.heldRequests == 0 }
                _ = try? await waiting.value
            }
        }
    }

    @Test(arguments: ["/events/poll", "/events/verify"])
    func `wrong credentials get the same 401 and acknowledge nothing`(path: String) async throws {
        try await Harness.run { h in
            let id = try await queue(h)
            let body = #"{"ack":["\#(id)"],"returnImmediately":true,"state":"x"}"#
            let foreign = ResourceID.random().string
            let answers = [
                try await post(h, path, body, secret: "wrong"), try await post(h, path, body, as: foreign),
                try await post(h, path, body, as: "quill"), try await post(h, path, body, as: ""),
                try await h.client.execute(
                    uri: path, method: .post, headers: [.contentType: "application/json"],
                    body: ByteBuffer(string: body)),
            ]
            for answer in answers {
                #expect(answer.status == .unauthorized && answer.error == "invalid_client")
                #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Basic ") == true)
            }
            #expect(try await h.gatehouse.store.read { try $0.events.find(id) }?.state == .waiting)
        }
    }

    @Test(arguments: ["", "[]", "{", #"{"a":1,"a":2}"#, "maxEvents=1"])
    func `a body that is not a JSON object is refused, but an empty one asks for a verification event`(
        body: String
    ) async throws {
        try await Harness.run { h in
            for path in ["/events/poll"] + (body.isEmpty ? [] : ["/events/verify"]) {
                let answer = try await post(h, path, body)
                #expect(answer.status == .badRequest && answer.error == "invalid_request")
            }
        }
    }

    @Test func `an empty body sends a verification event, and asking too often is refused with the time to wait`()
        async throws
    {
        try await Harness.run { h in
            for round in 0..<10 {
                let answer = try await post(h, "/events/verify", round < 5 ? "" : "{}")
                #expect(answer.status == .noContent && answer.headers[.cacheControl] == "no-store")
            }
            let refused = try await post(h, "/events/verify", "")
            #expect(refused.status == .tooManyRequests && refused.error == "too_many_requests")
            #expect(refused.headers[.retryAfter] == "30")
            let polled = try await post(h, "/events/poll", #"{"returnImmediately":true}"#)
            #expect(polled.json["sets"]?.object?.members.count == 1)
        }
    }

    @Test func `an unknown state verifies nothing`() async throws {
        try await Harness.run { h in
            let answer = try await post(h, "/events/verify", #"{"state":"AAAA"}"#)
            #expect(answer.status == .badRequest && answer.error == "invalid_request")
            #expect(try await h.gatehouse.store.read { try $0.eventStreams.find(of: h.resource.id) } == nil)
        }
    }
}
