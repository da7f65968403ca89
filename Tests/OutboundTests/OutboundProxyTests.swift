import NIOCore
import TestSupport
import Testing

@testable import Outbound

@Suite("RFC 9110 §9.3.6: requests through a proxy")
struct OutboundProxyTests {
    /// Only the proxy's name has an address here, so that a direct connection fails.
    private static let resolver = Resolver { host in
        guard host == "proxy.example" else { throw OutboundFailure.unresolvable(host: host) }
        return [try SocketAddress(ipAddress: "127.0.0.1", port: 0)]
    }

    private static func server() async throws -> LoopbackServer {
        try await LoopbackServer.start(tls: TestAuthority.server("client.example")) { _ in
            LoopbackServer.http("200 OK", body: FetcherFixture.document)
        }
    }

    private static func proxy(_ tunnels: TunnelProxy, vets: Bool = false) throws -> OutboundProxy {
        try #require(OutboundProxy("http://proxy.example:\(tunnels.port)", vetsAddresses: vets))
    }

    private static func client(_ proxy: OutboundProxy) throws -> OperatorClient {
        OperatorClient(
            roots: try TestAuthority.roots(), resolver: resolver, deadline: .seconds(30), proxy: proxy)
    }

    private static func fetcher(_ proxy: OutboundProxy) throws -> DocumentFetcher {
        var policy = try FetchPolicy()
        policy.deadline = .seconds(30)
        policy.failureStep = .zero
        return DocumentFetcher(
            policy: policy, roots: try TestAuthority.roots(), resolver: resolver, proxy: proxy)
    }

    @Test func `an operator's URL is reached through the tunnel, with TLS to its own name inside`() async throws {
        let server = try await Self.server()
        let tunnels = try await TunnelProxy.start(to: server.port)
        let client = try Self.client(Self.proxy(tunnels))
        let response = try await client.get(RemoteURL(operator: "https://client.example/events"))
        #expect(response.status == 200 && response.certificate?.bears("client.example") == true)
        #expect(tunnels.heads == ["CONNECT client.example:443 HTTP/1.1\r\nHost: client.example:443\r\n\r\n"])
        #expect(server.requests.first?.hasPrefix("GET /events HTTP/1.1\r\nHost: client.example\r\n") == true)
        // The certificate is for client.example, and a proxy that leads elsewhere cannot change that.
        await #expect(throws: OutboundFailure.untrusted("the certificate is for another name")) {
            try await client.get(RemoteURL(operator: "https://other.example/events"))
        }
        client.close()
    }

    @Test func `a stranger's URL takes the proxy only where it vets addresses`() async throws {
        let server = try await Self.server()
        let tunnels = try await TunnelProxy.start(to: server.port)
        let direct = try Self.fetcher(Self.proxy(tunnels))
        do {
            _ = try await direct.fetch("https://client.example/x")
            Issue.record("the name has no address here")
        } catch {
            #expect(error.reason == .unresolvable(host: "client.example"))
        }
        await #expect(throws: OutboundFailure.unresolvable(host: "client.example")) {
            try await Self.client(Self.proxy(tunnels)).get(
                RemoteURL(operator: "https://client.example/jwks"), namedBy: .aDocument)
        }
        #expect(tunnels.heads.isEmpty && server.connections == 0)
        let vetting = try Self.proxy(tunnels, vets: true)
        let document = try await Self.fetcher(vetting).fetch("https://client.example/x")
        #expect(document.body == Array(FetcherFixture.document.utf8) && document.address == nil)
        let keys = try await Self.client(vetting).get(
            RemoteURL(operator: "https://client.example/jwks"), namedBy: .aDocument)
        #expect(keys.status == 200 && tunnels.heads.count == 2)
    }

    @Test(arguments: ["https://169.254.169.254/latest", "https://127.0.0.1:9/x"])
    func `a literal that no operator's URL may have, and loopback, never take the proxy`(url: String) async throws {
        let tunnels = try await TunnelProxy.start(to: 9)
        await #expect(throws: OutboundFailure.self) {
            try await Self.client(Self.proxy(tunnels, vets: true)).get(RemoteURL(operator: url))
        }
        #expect(tunnels.heads.isEmpty)
    }

    @Test(arguments: [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "it answers with status 407"),
        ("SSH-2.0-OpenSSH\r\n\r\n", "its answer is not HTTP"),
        ("HTTP/1.1 200 OK\r\n\r\nmore", "it sends more than its answer"),
        (String(repeating: "x", count: 9_000), "its answer is too long"),
    ])
    func `a proxy that opens no tunnel is named with its answer`(answer: String, cause: String) async throws {
        let server = try await Self.server()
        let tunnels = try await TunnelProxy.start(to: server.port, answer: answer)
        await #expect(
            throws: OutboundFailure.unreachable("the proxy of outbound.proxy opens no tunnel: \(cause)")
        ) {
            try await Self.client(Self.proxy(tunnels)).get(RemoteURL(operator: "https://client.example/x"))
        }
        #expect(server.requests.isEmpty)
    }

    @Test(arguments: [
        "proxy.example:3128", "https://proxy.example:3128", "http://proxy.example", "http://user@proxy.example:3128",
        "http://proxy.example:3128/path", "http://proxy.example:0",
    ])
    func `another text is no proxy`(text: String) {
        #expect(OutboundProxy(text) == nil)
        #expect(OutboundProxy("http://[::1]:3128")?.description == "http://[::1]:3128")
    }
}
