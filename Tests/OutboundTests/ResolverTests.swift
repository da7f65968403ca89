import NIOCore
import Testing

@testable import Outbound

@Suite("RFC 6761 §6.3 and the machine's resolver")
struct ResolverTests {
    @Test(
        "localhost and what is below it is this machine, whatever a name server says",
        arguments: ["localhost", "client.localhost"])
    func localhost(name: String) async throws {
        let addresses = try await Resolver.system().resolve(name)
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy(AddressPolicy.isLoopback))
    }

    @Test func `lookups beyond the limit of threads are refused`() async throws {
        await #expect(throws: OutboundFailure.busy) {
            try await Resolver.system(limit: 0).resolve("client.example")
        }
    }

    @Test func `a slow lookup times out for its caller`() async throws {
        await #expect(throws: OutboundFailure.unresolvable(host: "client.invalid")) {
            try await Resolver.system(timeout: .zero).resolve("client.invalid")
        }
    }

    @Test func `one unacceptable address refuses the whole name`() async throws {
        let mixed = Resolver { _ in
            [try SocketAddress(ipAddress: "8.8.8.8", port: 0), try SocketAddress(ipAddress: "fd00::1", port: 0)]
        }
        let url = try RemoteURL(stranger: "https://client.example/x")
        await #expect(throws: OutboundFailure.refusedAddress(host: "client.example", address: "fd00::1")) {
            try await mixed.vetted(url, by: .distantFuture, acceptable: AddressPolicy.isGlobal)
        }
    }

    @Test func `an empty resolution is an error`() async throws {
        let url = try RemoteURL(stranger: "https://client.example/x")
        await #expect(throws: OutboundFailure.unresolvable(host: "client.example")) {
            try await Resolver { _ in [] }.vetted(url, by: .distantFuture) { _ in true }
        }
    }
}
