import Hummingbird
import Logging
import NIOCore
import Testing

@testable import Web

@Suite("Listeners", .timeLimit(.minutes(1)))
struct ListenerTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func serving<Result: Sendable>(
        _ limits: ConnectionLimits = ConnectionLimits(), _ body: @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        let router = try TestRoutes().responder
        return try await Wire.serving(
            { running in
                try .main(
                    router: router, host: "127.0.0.1", port: 0, limits: limits, logger: Self.logger,
                    whenRunning: running)
            }, body)
    }

    private static func get(_ target: String, _ lines: String...) -> String {
        (["GET \(target) HTTP/1.1"] + lines + ["Connection: close", "", ""]).joined(separator: "\r\n")
    }

    @Test func `a request is answered and the connection kept until the client ends it`() async throws {
        let answer = try await serving { port in
            try await Wire.exchange(
                .port(port),
                "GET /jwks HTTP/1.1\r\nHost: localhost:8080\r\n\r\n" + Self.get("/jwks", "Host: localhost:8080"))
        }
        #expect(answer.ranges(of: "HTTP/1.1 200 OK").count == 2)
    }

    @Test(arguments: [
        get("/jwks"), get("/jwks", "Host: localhost:8080", "Host: localhost:8080"),
        get("/jwks", "Host: localhost:8080", "Host: evil.example"), get("/jwks", "Host: evil.example"),
        get("http://evil.example/jwks", "Host: localhost:8080"), get("http://localhost:8080/jwks"),
        get("http://evil@localhost:8080/jwks", "Host: localhost:8080"),
        get("http://localhost:8080/jwks", "Host: localhost:8080", "Host: localhost:8080"),
        get("ftp://localhost:8080/jwks", "Host: localhost:8080"), get("http:///jwks", "Host: localhost:8080"),
        get("https:/jwks", "Host: localhost:8080"), "GET /jwks HTTP/1.0\r\n\r\n",
    ])
    func `a missing, repeated or foreign Host and a foreign absolute target are refused on the wire`(
        request: String
    ) async throws {
        let answer = try await serving { try await Wire.exchange(.port($0), request) }
        #expect(answer.hasPrefix("HTTP/1.1 400") || answer.hasPrefix("HTTP/1.0 400"))
        #expect(!answer.contains("evil"))
    }

    @Test(arguments: ["http://localhost:8080/jwks", "HTTP://LocalHost:8080/jwks", "http://localhost:8080/jwks?a=b"])
    func `RFC 9112 §3.2.2 a target in absolute form with our own authority is answered`(target: String) async throws {
        let answer = try await serving { port in
            try await Wire.exchange(.port(port), Self.get(target, "Host: localhost:8080"))
        }
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        // The field counts for nothing beside the target.
        let other = try await serving { port in
            try await Wire.exchange(.port(port), Self.get(target, "Host: elsewhere.example"))
        }
        #expect(other.hasPrefix("HTTP/1.1 200"))
    }

    @Test(arguments: ["http://localhost:8080/jwks/", "http://localhost:8080//jwks", "http://localhost:8080"])
    func `an absolute target has one spelling of its path as well`(target: String) async throws {
        let answer = try await serving { port in
            try await Wire.exchange(.port(port), Self.get(target, "Host: localhost:8080"))
        }
        #expect(answer.hasPrefix("HTTP/1.1 404"))
    }

    @Test(arguments: ["//jwks", "/jwks/", "/jwks%2f", "/./jwks", "/x/../jwks", "/jwks;a"])
    func `the wire brings no other spelling through`(path: String) async throws {
        let answer = try await serving { try await Wire.exchange(.port($0), Self.get(path, "Host: localhost:8080")) }
        #expect(answer.hasPrefix("HTTP/1.1 404"))
    }

    @Test(arguments: ["", "GET /jwks HT", "GET /jwks HTTP/1.1\r\nHost: localhost:8080\r\nX-Slow: a"])
    func `a head that never ends ends the connection`(start: String) async throws {
        var limits = ConnectionLimits()
        limits.head = .milliseconds(50)
        limits.idle = .minutes(10)
        let answer = try await serving(limits) { try await Wire.exchange(.port($0), start) }
        #expect(answer.isEmpty)
    }

    @Test func `a later head on the same connection has its own deadline`() async throws {
        var limits = ConnectionLimits()
        limits.head = .seconds(2)
        limits.idle = .minutes(10)
        let answer = try await serving(limits) { port in
            try await Wire.exchange(.port(port), "GET /jwks HTTP/1.1\r\nHost: localhost:8080\r\n\r\n", then: "GET /jw")
        }
        #expect(answer.hasPrefix("HTTP/1.1 200"))
    }

    @Test func `a body that never ends ends the connection`() async throws {
        var limits = ConnectionLimits()
        limits.body = .milliseconds(50)
        limits.idle = .minutes(10)
        let answer = try await serving(limits) { port in
            try await Wire.exchange(
                .port(port),
                "POST /token HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 100\r\n"
                    + "Content-Type: application/x-www-form-urlencoded\r\n\r\na=b")
        }
        #expect(!answer.contains("200"))
    }

    @Test func `an idle connection ends`() async throws {
        var limits = ConnectionLimits()
        limits.idle = .seconds(2)
        let answer = try await serving(limits) { port in
            try await Wire.exchange(.port(port), "GET /jwks HTTP/1.1\r\nHost: localhost:8080\r\n\r\n")
        }
        #expect(answer.hasPrefix("HTTP/1.1 200"))
    }

    @Test(arguments: [
        "X-Long: " + String(repeating: "a", count: 9 * 1024),
        (0..<70).map { "X-Field-\($0): a" }.joined(separator: "\r\n"),
        (0..<40).map { "X-Field-\($0): " + String(repeating: "a", count: 1000) }.joined(separator: "\r\n"),
    ])
    func `a field too long, too many fields and too long a head are refused`(lines: String) async throws {
        let answer = try await serving { port in
            try await Wire.exchange(.port(port), Self.get("/jwks", "Host: localhost:8080", lines))
        }
        #expect(answer.hasPrefix("HTTP/1.1 4"))
    }

    @Test func `a state of one megabyte is refused on the wire`() async throws {
        let target = "/authorize?state=" + String(repeating: "a", count: 1 << 20)
        let answer = try await serving { port in
            try await Wire.exchange(.port(port), Self.get(target, "Host: localhost:8080"))
        }
        #expect(!answer.contains("200 OK"))
        #expect(!answer.contains("aaaa"))
    }

    @Test func `a body without end is refused and then cut off`() async throws {
        let chunk = "10000\r\n" + String(repeating: "a", count: 0x10000) + "\r\n"
        let answer = try await serving { port in
            try await Wire.exchange(
                .port(port),
                "POST /token HTTP/1.1\r\nHost: localhost:8080\r\nTransfer-Encoding: chunked\r\n"
                    + "Content-Type: application/x-www-form-urlencoded\r\n\r\n" + String(repeating: chunk, count: 40))
        }
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 413"))
    }

    @Test(arguments: ["Content-Length: 3\r\nContent-Length: 4", "Content-Length: 3\r\nTransfer-Encoding: chunked"])
    func `a body whose length is said twice is refused`(lines: String) async throws {
        let answer = try await serving { port in
            try await Wire.exchange(
                .port(port), "POST /revoke HTTP/1.1\r\nHost: localhost:8080\r\n\(lines)\r\nConnection: close\r\n\r\na=b"
            )
        }
        #expect(answer.hasPrefix("HTTP/1.1 400"))
    }

    @Test func `a port in use is one clear sentence`() async throws {
        try await serving { port in
            let router = try TestRoutes().responder
            let second = try Listener.main(router: router, host: "127.0.0.1", port: port, logger: Self.logger)
            let error = await #expect(throws: ListenerError.self) { try await second.run() }
            #expect(error?.description.contains("already in use") ?? false)
        }
    }

    @Test func `TLS files that cannot be used are named`() {
        let error = #expect(throws: ListenerError.self) {
            try Listener.main(
                router: TestRoutes().responder, host: "127.0.0.1", port: 0,
                tls: try TLSIdentity(TLSFiles(certificate: "/nowhere.pem", key: "/nowhere.key")), logger: Self.logger)
        }
        #expect(error?.description.contains("/nowhere.pem") ?? false)
    }

    @Test(arguments: [([String](), "200"), (["The disk is full."], "503")])
    func `the operations listener serves health, readiness and metrics`(
        obstacles: [String], status: String
    ) async throws {
        let operations = Operations(obstacles: { obstacles }, metrics: { "gatehouse_up 1\n" })
        try await Wire.serving(
            { try .operations(operations, host: "127.0.0.1", port: 0, logger: Self.logger, whenRunning: $0) },
            { port in
                #expect(
                    try await Wire.exchange(.port(port), Self.get("/healthz", "Host: 127.0.0.1")).hasPrefix(
                        "HTTP/1.1 200"))
                let ready = try await Wire.exchange(.port(port), Self.get("/readyz", "Host: 127.0.0.1"))
                #expect(ready.hasPrefix("HTTP/1.1 " + status))
                #expect(obstacles.allSatisfy { ready.contains($0) })
                let metrics = try await Wire.exchange(.port(port), Self.get("/metrics", "Host: 127.0.0.1"))
                #expect(metrics.contains("gatehouse_up 1"))
            })
    }

    @Test(
        arguments: [
            ("127.0.0.1", 200), ("127.0.0.1:8081", 200), ("10.1.2.3:8081", 200), ("[::1]:8081", 200),
            ("localhost:9", 200),
            ("LOCALHOST", 200), ("gatehouse", 200), ("gatehouse:8081", 200), ("evil.example", 400),
            ("evil.example:8081", 400),
            ("localhost.evil.example", 400), ("127.0.0.1.evil.example", 400), ("127.0.0.1@evil.example", 400),
            ("", 400),
            ("gatehouse:8081:8081", 400), ("[::1", 400), ("0x7f.1", 400), (nil, 400),
        ] as [(String?, Int)])
    func `the operations listener answers addresses and the names that it was given, and no page's own name`(
        host: String?, status: Int
    ) async throws {
        let operations = Operations(obstacles: { [] }, metrics: { "gatehouse_up 1\n" })
        try await Wire.serving(
            {
                try .operations(
                    operations, host: "127.0.0.1", port: 0, hosts: ["gatehouse"], logger: Self.logger, whenRunning: $0)
            },
            { port in
                for path in ["/healthz", "/readyz", "/metrics"] {
                    let request = host.map { Self.get(path, "Host: \($0)") } ?? Self.get(path)
                    let answer = try await Wire.exchange(.port(port), request)
                    #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
                    #expect(answer.contains("gatehouse_up") == (status == 200 && path == "/metrics"))
                }
            })
    }

    @Test func `ready means that the last of all listeners is up`() {
        let up = ListenerReadiness(expecting: ["main", "admin"])
        #expect(!up.areAllReady)
        #expect(!up.markReady("main"))
        #expect(!up.markReady("main"))
        #expect(up.markReady("admin"))
        #expect(up.areAllReady)
    }
}
