import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing

@testable import Outbound

@Suite("Client metadata documents: where from")
struct DocumentFetcherPolicyTests {
    private static let good = #"{"client_id":"x"}"#

    private static func good(_ request: String) -> LoopbackServer.Reply {
        LoopbackServer.http("200 OK", body: good)
    }

    private static func reason(_ fetcher: DocumentFetcher, _ url: String) async -> OutboundFailure? {
        do throws(FetchError) {
            _ = try await fetcher.fetch(url)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test func `a certificate for another name is refused before the request`() async throws {
        let fixture = try await FetcherFixture(certificate: "other.example", answer: Self.good)
        let reason = await fixture.failure()
        guard case .untrusted = reason else {
            Issue.record("expected the certificate to be refused, got \(String(describing: reason))")
            return
        }
        #expect(fixture.server.requests.isEmpty)
    }

    @Test func `a certificate for the address is no certificate for the name`() async throws {
        // The certificate of localhost bears 127.0.0.1 too, which is what the name leads to here.
        let fixture = try await FetcherFixture(certificate: "localhost", answer: Self.good)
        #expect(await fixture.failure() == .untrusted("the certificate is for another name"))
        #expect(fixture.server.requests.isEmpty)
    }

    @Test(
        "RFC 9525 a certificate's name covers a host",
        arguments: [
            ("client.example", "client.example", true), ("client.example", "CLIENT.example", true),
            ("a.client.example", "*.client.example", true), ("client.example", "*.client.example", false),
            ("b.a.client.example", "*.client.example", false), ("client.example", "*.example", false),
            ("client.example", "c*.example", false), ("client.example", "*", false), ("client.example", "", false),
            ("client.example", "client.example\u{0}.evil.test", false),
        ])
    func certificateName(host: String, presented: String, expected: Bool) {
        #expect(CertificateName.matches(host, presented) == expected)
    }

    @Test func `an authority that is not in outbound.trust is refused before the request`() async throws {
        let fixture = try await FetcherFixture(roots: .system, answer: Self.good)
        let reason = await fixture.failure()
        guard case .untrusted = reason else {
            Issue.record("expected the authority to be refused, got \(String(describing: reason))")
            return
        }
        #expect(fixture.server.requests.isEmpty)
    }

    @Test func `TLS older than 1.2 is refused`() async throws {
        let server = try await LoopbackServer.start(
            tls: TestAuthority.server("client.example", from: .tlsv1, to: .tlsv11), answer: Self.good)
        var policy = try FetchPolicy(privateHosts: ["client.example:\(server.port)"])
        policy.failureStep = .zero
        let fetcher = DocumentFetcher(
            policy: policy, roots: try TestAuthority.roots(), resolver: .fixed("127.0.0.1"))
        let reason = await Self.reason(fetcher, "https://client.example:\(server.port)/x")
        guard case .untrusted = reason else {
            Issue.record("expected the old protocol to be refused, got \(String(describing: reason))")
            return
        }
        #expect(server.requests.isEmpty)
    }

    @Test func `outbound.trust with a file that is none stops with the file's name`() {
        #expect(throws: TrustRootsError(file: "/nonexistent/ca.pem")) {
            try TrustRoots(additionalFiles: ["/nonexistent/ca.pem"])
        }
        #expect(throws: TrustRootsError(file: "/dev/null")) { try TrustRoots(additionalFiles: ["/dev/null"]) }
    }

    @Test func `private_hosts lifts port and address, never https`() async throws {
        let plain = try await LoopbackServer.start(answer: Self.good)
        var policy = try FetchPolicy(privateHosts: ["client.example:\(plain.port)"])
        policy.deadline = .milliseconds(300)
        policy.failureStep = .zero
        let fetcher = DocumentFetcher(policy: policy, resolver: .fixed("127.0.0.1"))
        #expect(
            await Self.reason(fetcher, "http://client.example:\(plain.port)/x") == .unacceptableURL(.scheme))
        #expect(await Self.reason(fetcher, "https://client.example:\(plain.port)/x") != nil)
        #expect(plain.requests.isEmpty)
        #expect(
            await Self.reason(fetcher, "https://client.example:\(plain.port + 1)/x") == .unacceptableURL(.notListed))
    }

    @Test(
        "a name that leads to even one address that is not global is not dialled",
        arguments: [
            ["127.0.0.1"], ["::1"], ["10.0.0.1"], ["169.254.169.254"], ["8.8.8.8", "127.0.0.1"],
            ["2606:4700::1", "8.8.8.8", "fd00::1"], ["8.8.8.8", "::ffff:8.8.8.8"], ["64:ff9b::7f00:1"],
        ])
    func mixed(addresses: [String]) async throws {
        var policy = try FetchPolicy()
        policy.failureStep = .zero
        let resolver = Resolver { _ in try addresses.map { try SocketAddress(ipAddress: $0, port: 0) } }
        let fetcher = DocumentFetcher(policy: policy, resolver: resolver)
        let bad = try #require(
            addresses.first { (try? SocketAddress(ipAddress: $0, port: 0)).map(AddressPolicy.isGlobal) == false })
        let shown = try SocketAddress(ipAddress: bad, port: 0).ipAddress ?? ""
        #expect(
            await Self.reason(fetcher, "https://client.example/x")
                == .refusedAddress(host: "client.example", address: shown))
    }

    /// A deadline for expected responses that even a busy machine meets.
    private static func patient(_ privateHosts: [String]) throws -> FetchPolicy {
        var policy = try FetchPolicy(privateHosts: privateHosts)
        policy.deadline = .seconds(30)
        return policy
    }

    @Test func `a name is looked up once, and what was vetted is what is dialled`() async throws {
        let server = try await LoopbackServer.start(tls: TestAuthority.server("client.example"), answer: Self.good)
        let lookups = Shared(0)
        let flipping = Resolver { _ in
            let first = lookups.withLock { count in
                count += 1
                return count == 1
            }
            return [try SocketAddress(ipAddress: first ? "127.0.0.1" : "169.254.169.254", port: 0)]
        }
        let fetcher = DocumentFetcher(
            policy: try Self.patient(["client.example:\(server.port)"]), roots: try TestAuthority.roots(),
            resolver: flipping)
        let document = try await fetcher.fetch("https://client.example:\(server.port)/x")
        #expect(document.body == Array(Self.good.utf8))
        #expect(lookups.withLock { $0 } == 1)
    }

    @Test func `the next vetted address is tried when one takes no connection`() async throws {
        let server = try await LoopbackServer.start(tls: TestAuthority.server("client.example"), answer: Self.good)
        let fetcher = DocumentFetcher(
            policy: try Self.patient(["client.example:\(server.port)"]), roots: try TestAuthority.roots(),
            resolver: .fixed("127.0.0.9", "127.0.0.1"))
        #expect(try await fetcher.fetch("https://client.example:\(server.port)/x").body == Array(Self.good.utf8))
    }

    @Test(
        "what cannot be a client's URL costs no look-up",
        arguments: [
            "http://client.example/x", "https://127.0.0.1/x", "https://[::1]/x", "https://2130706433/x",
            "https://localhost/x", "https://client.example:8443/x", "https://user@client.example/x",
            "https://client.example/../x", "https://client.example/x#f", "not a url",
        ])
    func noLookup(url: String) async throws {
        let lookups = Shared(0)
        let fetcher = DocumentFetcher(
            policy: try FetchPolicy(),
            resolver: Resolver { _ in
                lookups.withLock { $0 += 1 }
                return []
            })
        let reason = await Self.reason(fetcher, url)
        guard case .unacceptableURL = reason else {
            Issue.record("expected the URL to be refused, got \(String(describing: reason))")
            return
        }
        #expect(lookups.withLock { $0 } == 0)
    }

    @Test func `the operator's word decides before any look-up, and no word at all is a refusal`() async throws {
        struct Unreadable: Error {}
        let lookups = Shared(0)
        let resolver = Resolver { host in
            lookups.withLock { $0 += 1 }
            throw OutboundFailure.unresolvable(host: host)
        }
        var policy = try FetchPolicy(block: ["listed.example"])
        policy.failureStep = .zero
        let fetcher = DocumentFetcher(policy: policy, resolver: resolver) { host in
            switch host {
            case "blocked.example": .block
            case "broken.example": throw Unreadable()
            default: nil
            }
        }
        #expect(await Self.reason(fetcher, "https://listed.example/x") == .hostNotAllowed("listed.example"))
        #expect(await Self.reason(fetcher, "https://Blocked.example/x") == .hostNotAllowed("blocked.example"))
        #expect(await Self.reason(fetcher, "https://broken.example/x") == .rulesUnavailable)
        #expect(lookups.withLock { $0 } == 0)
        #expect(await Self.reason(fetcher, "https://other.example/x") == .unresolvable(host: "other.example"))
    }

    @Test func `a closed port, a refused name and a bad certificate look the same, at the same pace`() async throws {
        let bad = try await LoopbackServer.start(tls: TestAuthority.server("localhost"), answer: Self.good)
        let closed = try await LoopbackServer.start(answer: Self.good)
        try await closed.stop()
        let answered = Shared<[NIODeadline]>([])
        let frozen = NIODeadline.uptimeNanoseconds(5_000_000_000)
        let clock = MonotonicClock(
            now: { frozen }, sleep: { until in answered.withLock { $0.append(until) } })
        let entries = ["bad.example:\(bad.port)", "closed.example:\(closed.port)"]
        let fetcher = DocumentFetcher(
            policy: try Self.patient(entries), roots: try TestAuthority.roots(),
            resolver: .fixed("127.0.0.1"), clock: clock)
        var seen: [String] = []
        for host in entries + ["refused.example"] {
            do throws(FetchError) {
                _ = try await fetcher.fetch("https://\(host)/x")
            } catch {
                seen.append("\(error)")
            }
        }
        #expect(seen == Array(repeating: "The document could not be fetched.", count: 3))
        #expect(answered.withLock { $0 } == Array(repeating: frozen + .seconds(1), count: 3))
    }
}
