import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Testing

@testable import Web

@Suite("RFC 9112 Messages on the wire", .timeLimit(.minutes(1)))
struct MessageFormTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Serves the routes of the tests, and one that answers in two pieces.
    private static func serving<Result: Sendable>(
        _ limits: ConnectionLimits = ConnectionLimits(), _ body: @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        let routes = try TestRoutes()
        let slow: Route.Handler = { _, context, _ in
            let loop = context.channel.eventLoop
            return Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "first"))
                    try await loop.scheduleTask(in: .seconds(3)) {}.futureResult.get()
                    try await writer.write(ByteBuffer(string: "second"))
                    try await writer.finish(nil)
                })
        }
        let responder = routes.pipeline.responder(
            TestRoutes.routes(routes.pipeline) + [.server(.get, "/slow", .none, slow)])
        return try await Wire.serving(
            {
                try .main(
                    router: responder, host: "127.0.0.1", port: 0, limits: limits, logger: Self.logger,
                    whenRunning: $0)
            }, body)
    }

    private static func head(_ line: String, _ fields: String...) -> String {
        (["\(line) HTTP/1.1", "Host: localhost:8080"] + fields + ["", ""]).joined(separator: "\r\n")
    }

    private static func post(_ path: String, _ coding: String, _ body: String) -> String {
        head(
            "POST \(path)", "Accept: text/html", "Content-Type: application/x-www-form-urlencoded",
            "Transfer-Encoding: \(coding)") + body
    }

    private static let malformed = [
        post("/token", "xchunked", "3\r\na=b\r\n0\r\n\r\n"), post("/token", "gzip", "abc"),
        post("/token", "gzip, chunked", "3\r\na=b\r\n0\r\n\r\n"),
        post("/token", "chunked, chunked", "3\r\na=b\r\n0\r\n\r\n"),
        post("/token", "chunked\r\nTransfer-Encoding: chunked", "3\r\na=b\r\n0\r\n\r\n"),
        post("/token", "chunked", "zz\r\na=b\r\n0\r\n\r\n"), post("/token", "chunked", "-3\r\na=b\r\n0\r\n\r\n"),
        post("/token", "chunked", "fffffffffffffffff\r\na=b\r\n0\r\n\r\n"),
        post("/token", "chunked", "3\r\na=bcdef\r\n0\r\n\r\n"), post("/token", "chunked", "3\na=b\n0\n\n"),
        post("/revoke", "chunked", "zz\r\na=b\r\n0\r\n\r\n"),
        head("GET /jwks", "Transfer-Encoding: xchunked"), head("GET /jwks", "Transfer-Encoding: chunked") + "zz\r\n",
    ]

    @Test(arguments: malformed)
    func `a malformed transfer coding is 400 in the form of its route, once, and the end of the connection`(
        request: String
    ) async throws {
        for before in ["", Self.head("GET /jwks")] {
            var answer = try await Self.serving { port in
                try await Wire.exchange(.port(port), before + request)
            }
            if !before.isEmpty {
                #expect(answer.hasPrefix("HTTP/1.1 200"))
                answer = String(answer.dropFirst("HTTP/1.1 200".count))
                answer = answer.ranges(of: "HTTP/1.1 ").first.map { String(answer[$0.lowerBound...]) } ?? ""
            }
            #expect(answer.hasPrefix("HTTP/1.1 400"), "\(answer)")
            #expect(answer.ranges(of: "HTTP/1.1 ").count == 1)
            #expect(answer.lowercased().contains("connection: close"))
            #expect(answer.contains("Cache-Control: no-store"))
            #expect(answer.contains(#""error":"invalid_request""#))
        }
    }

    @Test(arguments: [
        "NONSENSE\r\n\r\n", "GET /jwks HTTP/1.1\r\nHost: localhost:8080\r\nBad Name: x\r\n\r\n",
        "GET /jwks HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: abc\r\n\r\n",
        "GET /jwks HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST /token HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /jwks FTP/1.1\r\n\r\n", "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\r\n",
    ])
    func `a head that cannot be read is 400 with a word, in its turn`(request: String) async throws {
        let answer = try await Self.serving { port in
            try await Wire.exchange(.port(port), Self.head("GET /jwks") + request)
        }
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(answer.ranges(of: "HTTP/1.1 400").count == 1)
        #expect(answer.ranges(of: "HTTP/1.1 ").count == 2)
        #expect(answer.contains(#""error":"invalid_request""#))
    }

    @Test func `a body that is cut short is 400`() async throws {
        let answer = try await Self.serving { port in
            try await Wire.converse(
                .port(port),
                [
                    .send(
                        Self.head(
                            "POST /token", "Content-Length: 10", "Content-Type: application/x-www-form-urlencoded")
                            + "a=b"), .finish,
                ])
        }
        #expect(answer.hasPrefix("HTTP/1.1 400"))
        #expect(answer.ranges(of: "HTTP/1.1 ").count == 1)
    }

    @Test func `RFC 9110 §10.1.1 a client that expects 100 Continue gets it at once`() async throws {
        let answer = try await Self.serving { port in
            try await Wire.converse(
                .port(port),
                [
                    .send(
                        Self.head(
                            "POST /token", "Expect: 100-Continue", "Content-Length: 3",
                            "Content-Type: application/x-www-form-urlencoded")),
                    .hear("HTTP/1.1 100 Continue\r\n\r\n"), .send("a=b"), .hear("}"),
                    .send(Self.head("GET /jwks", "Connection: close")),
                ])
        }
        #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401"))
        #expect(answer.contains("HTTP/1.1 200"), "the connection goes on")
    }

    @Test(arguments: [
        head("POST /token", "Expect: 100-continue", "Content-Length: 3", "Content-Type: text/plain"),
        head(
            "POST /token", "Expect: 100-continue", "Content-Length: 9999999",
            "Content-Type: application/x-www-form-urlencoded"),
        head("PUT /token", "Expect: 100-continue", "Content-Length: 3"),
        head("POST /nothing", "Expect: 100-continue", "Content-Length: 3"),
    ])
    func `an unneeded body gets no 100 Continue, and the connection ends after the status`(
        request: String
    ) async throws {
        let answer = try await Self.serving { try await Wire.exchange(.port($0), request) }
        #expect(answer.hasPrefix("HTTP/1.1 4"))
        #expect(!answer.contains("100 Continue"))
        #expect(answer.lowercased().contains("connection: close"))
    }

    @Test func `a client of HTTP 1.0 or without a body gets no 100 Continue`() async throws {
        let old =
            "POST /revoke HTTP/1.0\r\nHost: localhost:8080\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\na=b"
        let none = Self.head("GET /jwks", "Expect: 100-continue", "Connection: close")
        for request in [old, none] {
            let answer = try await Self.serving { try await Wire.exchange(.port($0), request) }
            #expect(answer.hasPrefix("HTTP/1.1 200") || answer.hasPrefix("HTTP/1.0 200"))
            #expect(!answer.contains("100 Continue"))
        }
        // The body of this one never comes: whoever sends 100 Continue sends it before the deadline ends the request.
        let unfinished =
            "POST /revoke HTTP/1.0\r\nHost: localhost:8080\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        var limits = ConnectionLimits()
        limits.body = .milliseconds(300)
        let answer = try await Self.serving(limits) { try await Wire.exchange(.port($0), unfinished) }
        #expect(!answer.contains(" 200 ") && !answer.contains("100 Continue"), "\(answer)")
    }

    @Test func `a stray line end after a body, in its own packet, does not break the response`()
        async throws
    {
        // Shorter than the answer takes, and long enough for a head on a machine that does much else.
        var limits = ConnectionLimits()
        limits.head = .seconds(2)
        let answer = try await Self.serving(limits) { port in
            try await Wire.converse(
                .port(port),
                [
                    .send(Self.head("GET /slow")), .hear("first\r\n"), .send("\r\n"), .hear("0\r\n\r\n"),
                    .send(Self.head("GET /jwks", "Connection: close")),
                ])
        }
        #expect(answer.contains("second"))
        #expect(answer.ranges(of: "HTTP/1.1 200").count == 2)
    }

    @Test(arguments: ["/jwks", "/token", "/login", "/nothing", "//jwks"])
    func `nothing follows the head of an answer to HEAD, an error's neither`(path: String) async throws {
        let answer = try await Self.serving { port in
            try await Wire.exchange(
                .port(port), Self.head("HEAD \(path)") + Self.head("GET /jwks", "Connection: close"))
        }
        let second = try #require(answer.ranges(of: "\r\n\r\n").first).upperBound
        #expect(answer[second...].hasPrefix("HTTP/1.1 200"), "\(answer)")
    }

    @Test func `line ends between requests do not break the next one`() async throws {
        let form = Self.head(
            "POST /revoke", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 3")
        let answer = try await Self.serving { port in
            try await Wire.converse(
                .port(port),
                [
                    .send(form + "a=b"), .hear("\r\n\r\n"), .send("\r\n"), .send(form + "a=b\r\n"),
                    .hear("\r\n\r\n"), .send("\r\n\r\n" + Self.head("GET /jwks", "Connection: close")),
                ])
        }
        #expect(answer.ranges(of: "HTTP/1.1 200").count == 3)
    }
}
