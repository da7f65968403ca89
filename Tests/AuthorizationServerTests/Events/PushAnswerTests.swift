import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

/// What receivers answer, as it comes over a connection.
@Suite("RFC 8935: the meaning of an answer to a pushed event")
struct PushAnswerTests {
    private func answer(_ reply: LoopbackServer.Reply, within deadline: Int64 = 60_000) async throws -> PushAnswer {
        let server = try await LoopbackServer.start { _ in reply }
        defer { Task { try await server.stop() } }
        let sender = EventSender(deadline: deadline)
        defer { sender.close() }
        do throws(OutboundFailure) {
            let response = try await sender.send("a.b.c", to: "http://127.0.0.1:\(server.port)/events")
            #expect(server.requests.count == 1)
            return PushAnswer(response)
        } catch {
            return PushAnswer(error)
        }
    }

    private func answer(_ status: String, _ fields: String = "X: y", body: String = "") async throws -> PushAnswer {
        try await answer(LoopbackServer.http(status, fields, body: body))
    }

    @Test(arguments: ["200 OK", "202 Accepted", "204 No Content"])
    func `every 2xx is an acceptance, whatever its body`(status: String) async throws {
        let body = status.hasPrefix("204") ? "" : #"{"err":"invalid_audience"}"#
        #expect(try await answer(status, body: body) == .accepted)
    }

    @Test(arguments: ["invalid_request", "invalid_issuer", "invalid_audience", "access_denied"])
    func `a permanent error is a refusal`(code: String) async throws {
        let body = #"{"err":"\#(code)","description":"<b>ours alone</b>"}"#
        #expect(try await answer("400 Bad Request", body: body) == .refused(EventAnswer(status: 400, error: code)))
    }

    @Test(arguments: [
        (#"{"err":"authentication_failed"}"#, "authentication_failed"),
        (#"{"err":"invalid_key","description":"no"}"#, "invalid_key"),
        (#"{"err":"something_new"}"#, nil), (#"{"err":7}"#, nil), ("no JSON", nil), ("", nil),
    ])
    func `a retryable or unknown error is a failed attempt`(
        body: String, word: String?
    ) async throws {
        #expect(
            try await answer("400 Bad Request", body: body)
                == .failed(EventAnswer(status: 400, error: word), isTrouble: false, retryAfter: nil))
    }

    @Test(arguments: ["429 Too Many Requests", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
    func `overload is trouble of the endpoint, and its Retry-After is read in seconds only`(
        status: String
    ) async throws {
        let kept = EventAnswer(status: Int(status.prefix(3)))
        #expect(
            try await answer(status, "Retry-After: 90") == .failed(kept, isTrouble: true, retryAfter: 90))
        for odd in ["-5", "soon", "Sat, 21 Nov 2026 08:00:00 GMT", "5\r\nRetry-After: 9"] {
            #expect(
                try await answer(status, "Retry-After: \(odd)") == .failed(kept, isTrouble: true, retryAfter: nil))
        }
    }

    @Test(arguments: ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
    func `a redirect is a failure, and no second request follows`(status: String) async throws {
        let elsewhere = try await LoopbackServer.start { _ in LoopbackServer.http("202 Accepted", body: "") }
        let got = try await answer(status, "Location: http://127.0.0.1:\(elsewhere.port)/")
        #expect(got == .failed(EventAnswer(status: Int(status.prefix(3))), isTrouble: false, retryAfter: nil))
        #expect(elsewhere.connections == 0)
        try await elsewhere.stop()
    }

    @Test func `410 means that the endpoint is gone, and other statuses that the attempt failed`() async throws {
        #expect(try await answer("410 Gone") == .gone)
        for status in ["401", "403", "404", "500", "418"] {
            #expect(
                try await answer("\(status) X")
                    == .failed(EventAnswer(status: Int(status)), isTrouble: false, retryAfter: nil))
        }
    }

    @Test func `a missing, incomplete or malformed answer is trouble, and none of its text is kept`() async throws {
        let failures = [
            (LoopbackServer.Reply.silence, "no answer in time"),
            (.bytes("", thenClose: true), "no connection"),
            (.bytes("HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nhalf", thenClose: true), "no HTTP answer"),
            (.bytes("<secret>nonsense</secret>\r\n\r\n", thenClose: true), "no HTTP answer"),
        ]
        for (reply, word) in failures {
            // Only silence waits for the deadline.
            let deadline: Int64 = word == "no answer in time" ? 500 : 60_000
            #expect(
                try await answer(reply, within: deadline)
                    == .failed(EventAnswer(error: word), isTrouble: true, retryAfter: nil))
        }
    }

    @Test func `an answer of many kilobytes counts by its status`() async throws {
        let page = String(repeating: "x", count: 50_000)
        #expect(try await answer("202 Accepted", body: page) == .accepted)
        #expect(
            try await answer("503 Service Unavailable", body: page)
                == .failed(EventAnswer(status: 503), isTrouble: true, retryAfter: nil))
    }

    @Test func `the request carries the media type of an event, and asks for a JSON answer`() async throws {
        let server = try await LoopbackServer.start { _ in LoopbackServer.http("202 Accepted", body: "") }
        let sender = EventSender()
        _ = try await sender.send("a.b.c", to: "http://127.0.0.1:\(server.port)/events?x=1")
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST /events?x=1 HTTP/1.1\r\n") && request.hasSuffix("\r\n\r\na.b.c"))
        #expect(request.contains("\r\nContent-Type: application/secevent+jwt\r\n"))
        #expect(request.contains("\r\nAccept: application/json\r\n"))
        sender.close()
        try await server.stop()
    }

    @Test(arguments: ["http://events.example/x", "http://10.0.0.1/x", "ftp://a.example/", "https://u:p@a.example/"])
    func `no event is sent to an address that the rules of outbound requests refuse`(endpoint: String) async throws {
        let failure = await #expect(throws: OutboundFailure.self) {
            try await EventSender().send("a.b.c", to: endpoint)
        }
        guard case .unacceptableURL = failure else {
            Issue.record("expected the address to be refused, got \(String(describing: failure))")
            return
        }
    }
}
