import NIOCore
import NIOSSL
import Synchronization
import TestSupport
import Testing

@testable import Outbound

/// Shapes a fetcher that may reach one server of this test under a name of the test's choice.
struct FetcherFixture {
    static let document = #"{"client_id":"https://client.example/x"}"#

    let server: LoopbackServer
    let fetcher: DocumentFetcher

    init(
        certificate: String = "client.example", roots: TrustRoots? = nil, deadline: TimeAmount = .seconds(30),
        answer: @escaping @Sendable (String) -> LoopbackServer.Reply
    ) async throws {
        server = try await LoopbackServer.start(tls: TestAuthority.server(certificate), answer: answer)
        var policy = try FetchPolicy(privateHosts: ["client.example:\(server.port)"])
        policy.deadline = deadline
        policy.failureStep = .zero
        fetcher = DocumentFetcher(
            policy: policy, roots: try roots ?? TestAuthority.roots(), resolver: .fixed("127.0.0.1"))
    }

    func url(_ target: String = "/x") -> String { "https://client.example:\(server.port)\(target)" }

    /// Why a fetch failed; none when it did not.
    func failure(_ target: String = "/x") async -> OutboundFailure? {
        do throws(FetchError) {
            _ = try await fetcher.fetch(url(target))
            return nil
        } catch {
            return error.reason
        }
    }
}

extension Resolver {
    static func fixed(_ addresses: String...) -> Resolver {
        Resolver { _ in try addresses.map { try SocketAddress(ipAddress: $0, port: 0) } }
    }
}

@Suite("Client metadata documents: what arrives")
struct DocumentFetcherTests {
    private static func good(_ request: String) -> LoopbackServer.Reply {
        LoopbackServer.http(
            "200 OK", "Content-Type: application/json\r\nCache-Control: max-age=300", body: FetcherFixture.document)
    }

    @Test func `fetches with a fixed name of its own, no credential, and hangs up`() async throws {
        let fixture = try await FetcherFixture(answer: Self.good)
        let document = try await fixture.fetcher.fetch(fixture.url("/x?a=b"))
        #expect(document.body == Array(FetcherFixture.document.utf8))
        #expect(document.url == fixture.url("/x?a=b"))
        #expect(document.freshFor(min: 60, max: 86_400) == 300)
        let request = try #require(fixture.server.requests.first)
        #expect(request.hasPrefix("GET /x?a=b HTTP/1.1\r\nHost: client.example:\(fixture.server.port)\r\n"))
        #expect(request.contains("\r\nUser-Agent: Gatehouse/0.1 (+client metadata document)\r\n"))
        #expect(request.contains("\r\nAccept: application/json, application/*+json\r\n"))
        #expect(request.contains("\r\nAccept-Encoding: identity\r\n"))
        #expect(request.contains("\r\nConnection: close\r\n"))
        #expect(!request.lowercased().contains("cookie") && !request.lowercased().contains("authorization"))
    }

    @Test(
        "a redirect is a failure, and nothing else is asked for",
        arguments: ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"])
    func redirect(status: String) async throws {
        let fixture = try await FetcherFixture { _ in
            LoopbackServer.http(status, "Location: http://169.254.169.254/latest/meta-data/", body: "")
        }
        #expect(await fixture.failure() == .status(Int(status.prefix(3)) ?? 0))
        #expect(fixture.server.requests.count == 1)
        #expect(fixture.server.connections == 1)
    }

    @Test(
        "only status 200 counts",
        arguments: [
            "201 Created", "204 No Content", "206 Partial Content", "304 Not Modified", "404 Not Found", "500 Oops",
        ])
    func status(status: String) async throws {
        let fixture = try await FetcherFixture { _ in
            .bytes("HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n")
        }
        #expect(await fixture.failure() == .status(Int(status.prefix(3)) ?? 0))
    }

    @Test func `a failure is not kept: 500, then 200`() async throws {
        let failed = Shared(false)
        let fixture = try await FetcherFixture { request in
            let isFirst = failed.withLock { failed in
                defer { failed = true }
                return !failed
            }
            return isFirst ? LoopbackServer.http("500 Oops", body: "") : Self.good(request)
        }
        #expect(await fixture.failure() == .status(500))
        #expect(await fixture.failure() == nil)
        #expect(fixture.server.requests.count == 2)
    }

    @Test func `what is not JSON by its media type is refused, and so is what comes compressed`() async throws {
        let fixture = try await FetcherFixture { request in
            request.hasPrefix("GET /html")
                ? LoopbackServer.http("200 OK", "Content-Type: text/html", body: "{}")
                : LoopbackServer.http("200 OK", "Content-Type: application/json\r\nContent-Encoding: gzip", body: "{}")
        }
        #expect(await fixture.failure("/html") == .mediaType("text/html"))
        #expect(await fixture.failure("/gzip") == .mediaType("content-encoding"))
    }

    static let oversized: [(name: String, bytes: String)] = [
        ("a length that says so", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16385\r\n\r\n"),
        (
            "chunks beyond the cap",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                + String(repeating: "1000\r\n" + String(repeating: "x", count: 4096) + "\r\n", count: 5)
        ),
        (
            "a body without a length",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
                + String(repeating: "x", count: 20_000)
        ),
        ("an endless reason", "HTTP/1.1 200 " + String(repeating: "x", count: 1 << 20)),
        (
            "endless interim answers",
            String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", count: 10_000)
        ),
        (
            "endless chunk extensions",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1;"
                + String(repeating: "x", count: 1 << 20)
        ),
    ]

    @Test("reading stops at the cap", arguments: oversized)
    func size(name: String, bytes: String) async throws {
        let fixture = try await FetcherFixture { _ in .bytes(bytes) }
        #expect(await fixture.failure() == .oversized, "\(name)")
    }

    @Test func `a document of exactly the cap is taken`() async throws {
        let body = #"{"x":""# + String(repeating: "x", count: 16_384 - 8) + #""}"#
        let fixture = try await FetcherFixture { _ in LoopbackServer.http("200 OK", body: body) }
        #expect(try await fixture.fetcher.fetch(fixture.url()).body.count == 16_384)
    }

    @Test(
        "a head beyond 16 KiB, or what is no HTTP, ends the fetch",
        arguments: [
            "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 17_000) + "\r\n\r\n",
            "HTTP/1.1 200 OK\r\n" + String(repeating: "X: " + String(repeating: "x", count: 80) + "\r\n", count: 220),
            "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
        ])
    func malformed(bytes: String) async throws {
        let fixture = try await FetcherFixture { _ in .bytes(bytes) }
        guard case .malformed = await fixture.failure() else {
            Issue.record("expected a refusal as malformed")
            return
        }
    }

    @Test func `an answer that ends early is no document`() async throws {
        let fixture = try await FetcherFixture { _ in
            .bytes(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{}", thenClose: true)
        }
        let failure = try #require(await fixture.failure())
        switch failure {
        case .interrupted, .malformed: break
        default: Issue.record("\(failure)")
        }
    }

    @Test func `a server that never answers meets the deadline`() async throws {
        let fixture = try await FetcherFixture(deadline: .milliseconds(300)) { _ in .silence }
        #expect(await fixture.failure() == .deadline)
    }

    @Test func `a body that never ends meets the deadline`() async throws {
        let fixture = try await FetcherFixture(deadline: .milliseconds(300)) { _ in
            .bytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        }
        #expect(await fixture.failure() == .deadline)
    }
}
