import Testing

@testable import Web

@Suite("Proxies")
struct ProxyTrustTests {
    private let trust: ProxyTrust

    init() throws {
        trust = try ProxyTrust(proxies: ["10.0.0.1", "10.0.0.2", "2001:db8:0:0::1"])
    }

    @Test func `RH1 the header of anybody else is ignored`() {
        #expect(trust.clientAddress(peer: "192.0.2.9", forwarded: ["198.51.100.1"]) == "192.0.2.9")
        #expect(trust.clientAddress(peer: nil, forwarded: ["198.51.100.1"]) == nil)
    }

    @Test(arguments: [
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.66, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.66, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.66", "198.51.100.1"], "198.51.100.1"),
        ("2001:db8::1", ["2001:DB8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
    ])
    func `RH1 a trusted proxy names the nearest stranger, never one that the client wrote`(
        peer: String, forwarded: [String], client: String
    ) {
        #expect(trust.clientAddress(peer: peer, forwarded: forwarded) == client)
    }

    @Test(arguments: [[], [""], ["nonsense"], ["198.51.100.1, nonsense"], ["10.0.0.2"]])
    func `RH1 without a usable entry the proxy itself is the client`(forwarded: [String]) {
        #expect(trust.clientAddress(peer: "10.0.0.1", forwarded: forwarded) == "10.0.0.1")
    }

    @Test func `a proxy that is no address is refused with a sentence`() {
        let error = #expect(throws: ProxyError.self) { try ProxyTrust(proxies: ["proxy.example"]) }
        #expect(error?.description.contains("proxy.example") ?? false)
    }
}
