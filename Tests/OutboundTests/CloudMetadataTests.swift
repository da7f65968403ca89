import NIOCore
import TestSupport
import Testing

@testable import Outbound

@Suite("Metadata addresses of clouds")
struct CloudMetadataTests {
    static let spellings = [
        // The addresses themselves.
        "169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.0.23", "168.63.129.16", "100.100.100.200",
        "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42", "fe80::a9fe:a9fe",
        "fd00:c1::a9fe:a9fe",
        // The same carried inside of IPv6: mapped, compatible, translated, NAT64 with each length of prefix, 6to4, Teredo,
        // ISATAP.
        "::ffff:169.254.169.254", "::ffff:100.100.100.200", "::169.254.169.254", "::ffff:0:169.254.169.254",
        "64:ff9b::a9fe:a9fe", "64:ff9b::100.100.100.200", "64:ff9b:1::a9fe:a9fe", "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:ffa9:fe:a9fe::", "64:ff9b:1:ffff:a9:fea9:fe00:0", "2001:db8:64::a9fe:a9fe",
        "2a00:1450:4001:800::a83f:8110", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:5601:5601",
        "fd12::5efe:a9fe:a9fe",
    ]

    @Test("are dialled for nobody, in no spelling", arguments: spellings)
    func refuses(spelling: String) throws {
        let address = try SocketAddress(ipAddress: spelling, port: 443)
        #expect(!AddressPolicy.isOperable(AddressPolicy.bytes(of: address)))
        #expect(!AddressPolicy.isGlobal(address))
    }

    @Test(
        "leave their neighbours to operators",
        arguments: [
            "100.100.100.199", "100.64.0.1", "168.63.129.15", "192.0.0.193", "10.254.169.254", "64:ff9b::8.8.8.8",
            "64:ff9b:1::10.0.0.1", "fd00:ec3::254", "fd20:cf::254", "fd00:42::43", "2002:0a00:0001::1", "2606:4700::1",
        ])
    func takes(spelling: String) throws {
        let address = try SocketAddress(ipAddress: spelling, port: 443)
        #expect(AddressPolicy.isOperable(AddressPolicy.bytes(of: address)))
    }

    @Test(
        "are reached by no name that an operator wrote down",
        arguments: ["169.254.169.254", "fd00:ec2::254", "64:ff9b::a9fe:a9fe", "100.100.100.200"])
    func refusesNames(spelling: String) async throws {
        let resolver = Resolver { _ in [try SocketAddress(ipAddress: spelling, port: 0)] }
        let client = OperatorClient(roots: try TestAuthority.roots(), resolver: resolver)
        let url = try RemoteURL(operator: "https://metadata.internal/computeMetadata/v1/")
        let shown = try SocketAddress(ipAddress: spelling, port: 0).ipAddress ?? ""
        await #expect(throws: OutboundFailure.refusedAddress(host: "metadata.internal", address: shown)) {
            _ = try await client.get(url)
        }
    }

    @Test(
        "are reached by no host that the configuration lists as private",
        arguments: ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "::ffff:169.254.169.254"])
    func refusesPrivateHosts(spelling: String) async throws {
        let resolver = Resolver { _ in [try SocketAddress(ipAddress: spelling, port: 0)] }
        let policy = try FetchPolicy(privateHosts: ["clients.internal:8443"])
        let fetcher = DocumentFetcher(policy: policy, roots: try TestAuthority.roots(), resolver: resolver)
        do throws(FetchError) {
            _ = try await fetcher.fetch("https://clients.internal:8443/client.json")
            Issue.record("it was fetched")
        } catch {
            if case .refusedAddress = error.reason { return }
            Issue.record("\(error.reason)")
        }
    }

    @Test(
        "are no host of a URL, however it is written",
        arguments: [
            "https://169.254.169.254/", "https://[::ffff:169.254.169.254]/", "https://[::ffff:a9fe:a9fe]/",
            "https://[64:ff9b::a9fe:a9fe]/", "https://[fd00:ec2::254]/", "https://[fd20:ce::254]/",
        ])
    func refusesLiterals(text: String) async throws {
        let client = OperatorClient(roots: try TestAuthority.roots())
        let url = try RemoteURL(operator: text)
        await #expect(throws: OutboundFailure.refusedAddress(host: url.host, address: url.host)) {
            _ = try await client.get(url)
        }
    }

    @Test(
        "have no odd spelling that is taken for a name",
        arguments: [
            "https://2852039166/", "https://0xa9fea9fe/", "https://0251.0376.0251.0376/", "https://169.254.43518/",
            "https://169.16689662/", "https://[fe80::a9fe:a9fe%25eth0]/", "http://169.254.169.254/",
        ])
    func refusesOddSpellings(text: String) {
        #expect(throws: RemoteURLError.self) { try RemoteURL(operator: text) }
    }

    @Test func `what a document named leads to global addresses alone, and over https alone`() async throws {
        for address in ["10.0.0.5", "127.0.0.1", "fd12::1", "192.168.1.1"] {
            let resolver = Resolver { _ in [try SocketAddress(ipAddress: address, port: 0)] }
            let client = OperatorClient(roots: try TestAuthority.roots(), resolver: resolver)
            for text in ["https://tokens.example/token", "http://localhost/token"] {
                let url = try RemoteURL(operator: text)
                await #expect(throws: OutboundFailure.refusedAddress(host: url.host, address: address)) {
                    _ = try await client.post(
                        url, body: [], contentType: "application/json", repeatable: true, namedBy: .aDocument)
                }
            }
        }
        // Global addresses are dialled over https only.
        let global = "2606:4700::1"
        let everywhere = OperatorClient(
            roots: try TestAuthority.roots(),
            resolver: Resolver { _ in [try SocketAddress(ipAddress: global, port: 0)] })
        let plain = try RemoteURL(operator: "http://localhost/token")
        await #expect(throws: OutboundFailure.refusedAddress(host: "localhost", address: global)) {
            _ = try await everywhere.post(plain, body: [], contentType: "application/json", namedBy: .aDocument)
        }
        let client = OperatorClient(roots: try TestAuthority.roots())
        let literal = try RemoteURL(operator: "https://10.0.0.5/token")
        await #expect(throws: OutboundFailure.refusedAddress(host: "10.0.0.5", address: "10.0.0.5")) {
            _ = try await client.post(literal, body: [], contentType: "application/json", namedBy: .aDocument)
        }
    }
}
