import AuthorizationServer
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import OAuth
import Testing

@testable import Web

@Suite("Proxies")
struct ProxyTrustTests {
    private let trust: ProxyTrust

    init() throws {
        trust = try ProxyTrust(proxies: ["10.0.0.1", "10.0.0.2", "2001:db8:0:0::1"])
    }

    @Test func `the header of an untrusted peer is ignored`() {
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
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:DB8::7]:443, 10.0.0.2:8080"], "2001:db8::7"),
        ("10.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.1", ["[::ffff:198.51.100.1]:9"], "198.51.100.1"),
        ("10.0.0.1", [String(repeating: "a,", count: 40) + "198.51.100.1"], "198.51.100.1"),
    ])
    func `a trusted proxy names the nearest stranger, never one that the client wrote`(
        peer: String, forwarded: [String], client: String
    ) {
        #expect(trust.clientAddress(peer: peer, forwarded: forwarded) == client)
    }

    @Test(arguments: ["X_Forwarded_For", "X-Forwarded_For", "X_Forwarded-For", "XForwardedFor", "Forwarded"])
    func `a field whose name only resembles the forwarding header is not read`(name: String) async throws {
        let channel = EmbeddedChannel()
        try await channel.connect(to: SocketAddress(ipAddress: "10.0.0.1", port: 1)).get()
        let context = WebContext(source: .init(channel: channel, logger: Logger(label: "test")))
        func address(_ name: String) throws -> String? {
            var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/")
            head.headerFields[try #require(HTTPField.Name(name))] = "198.51.100.1"
            return trust.clientAddress(of: Request(head: head, body: RequestBody(buffer: .init())), context: context)
        }
        #expect(try address("X-Forwarded-For") == "198.51.100.1")
        #expect(try address(name) == "10.0.0.1")
    }

    @Test(arguments: [
        [], [""], ["nonsense"], ["198.51.100.1, nonsense"], ["10.0.0.2"], ["198.51.100.1:"],
        ["198.51.100.1:x"], ["198.51.100.1:123456"], ["[2001:db8::7"], ["[2001:db8::7]443"], ["[2001:db8::7]:"],
        ["1 98.51.100.1"],
    ])
    func `without a usable entry the proxy itself is the client`(forwarded: [String]) {
        #expect(trust.clientAddress(peer: "10.0.0.1", forwarded: forwarded) == "10.0.0.1")
    }

    @Test func `a proxy that is no address is refused with a sentence`() {
        let error = #expect(throws: ProxyError.self) { try ProxyTrust(proxies: ["proxy.example"]) }
        #expect(error?.description.contains("proxy.example") ?? false)
    }

    @Test func `the doctor's request is recorded once, with a verdict on its proxies`() async throws {
        let witness = ProxyWitness()
        let log = RequestLog(counters: RequestCounters(), witness: witness)
        let trace = TraceID.random()
        func ask() async throws {
            let channel = EmbeddedChannel()
            try await channel.connect(to: SocketAddress(ipAddress: "10.0.0.1", port: 1)).get()
            var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/")
            head.headerFields[try #require(HTTPField.Name("traceparent"))] = "00-\(trace)-00f067aa0ba902b7-01"
            head.headerFields[try #require(HTTPField.Name("X-Forwarded-For"))] = "198.51.100.1"
            _ = try await log.handle(
                Request(head: head, body: RequestBody(buffer: .init())),
                context: WebContext(source: .init(channel: channel, logger: Logger(label: "test")))
            ) { _, _ in Response(status: .ok) }
        }
        try await ask()
        #expect(witness.takeObservation(of: trace) == nil, "nobody asked for it")
        witness.expect(trace)
        witness.expect(.random())
        try await ask()
        let sight = try #require(witness.takeObservation(of: trace))
        #expect(sight == .init(peer: "10.0.0.1", forwarded: ["198.51.100.1"]))
        #expect(trust.verdict(on: sight) == .trusted(proxy: "10.0.0.1", caller: "198.51.100.1"))
        #expect(witness.takeObservation(of: trace) == nil)
        try await ask()
        #expect(
            witness.takeObservation(of: trace) == nil, "what nobody waits for is not kept while another is waited for")
        #expect(trust.verdict(on: .init(peer: "10.0.0.1", forwarded: [])) == .silent(proxy: "10.0.0.1"))
        #expect(trust.verdict(on: .init(peer: "10.0.0.9", forwarded: ["198.51.100.1"])) == .stranger("10.0.0.9"))
        #expect(trust.verdict(on: .init(peer: "10.0.0.9", forwarded: [])) == .direct("10.0.0.9"))
    }
}
