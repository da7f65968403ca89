import Glibc
import Logging
import NIOCore
import NIOEmbedded
import NIOPosix
import ServerSupport
import TestSupport
import Testing

@testable import Web

@Suite("Limits of connections", .timeLimit(.minutes(3)))
struct AdmissionTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let ask = "GET /jwks HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n"

    private static func serving<Result: Sendable>(
        _ limits: ConnectionLimits, proxies: [String] = [], _ body: @Sendable (Int) async throws -> Result
    ) async throws -> Result {
        let responder = try TestRoutes().responder
        let proxies = try ProxyTrust(proxies: proxies)
        var limits = limits
        // Who asks nothing stays as long as the test needs, however slow the machine is.
        limits.head = .hours(1)
        let patient = limits
        return try await Wire.serving(
            {
                try .main(
                    router: responder, host: "127.0.0.1", port: 0, limits: patient, proxies: proxies,
                    logger: Self.logger, whenRunning: $0)
            }, body)
    }

    /// Opens a connection that asks nothing.
    private static func open(_ port: Int, reads: Bool = true) async throws -> any Channel {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.autoRead, value: reads)
            .channelOption(.socketOption(.so_rcvbuf), value: 4096)
            .connect(host: "127.0.0.1", port: port).get()
    }

    @Test(arguments: [(2, 100), (100, 2)])
    func `a connection beyond the limit of all or of its address is closed, and its place is free again afterwards`(
        total: Int, perAddress: Int
    ) async throws {
        var limits = ConnectionLimits()
        limits.total = total
        limits.perAddress = perAddress
        try await Self.serving(limits) { port in
            let first = try await Self.open(port)
            let second = try await Self.open(port)
            #expect(try await Wire.exchange(.port(port), Self.ask).isEmpty)
            try await first.close()
            // The server notices a moment later.
            await eventually { try await Wire.exchange(.port(port), Self.ask).hasPrefix("HTTP/1.1 200") }
            try? await second.close()
        }
    }

    @Test func `a listed proxy has no limit of its own, but counts among all`() async throws {
        var limits = ConnectionLimits()
        limits.perAddress = 1
        limits.total = 3
        try await Self.serving(limits, proxies: ["127.0.0.1"]) { port in
            let open = [try await Self.open(port), try await Self.open(port)]
            #expect(try await Wire.exchange(.port(port), Self.ask).hasPrefix("HTTP/1.1 200"))
            let third = try await Self.open(port)
            await eventually { try await Wire.exchange(.port(port), Self.ask).isEmpty }
            for channel in open + [third] { try? await channel.close() }
        }
    }

    @Test(arguments: [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true), ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ("198.51.100.1", "198.51.100.2", false), ("::ffff:198.51.100.1", "198.51.100.1", true),
        ("::ffff:198.51.100.1", "::ffff:198.51.100.2", false),
    ])
    func `a /64 network of IPv6 counts as one address`(one: String, other: String, isSame: Bool) {
        #expect((ConnectionAdmission.network(one) == ConnectionAdmission.network(other)) == isSame)
    }

    @Test func `an error of accepting one connection does not end the listener`() throws {
        for code in [EMFILE, ENFILE, ECONNABORTED] {
            let channel = EmbeddedChannel(
                handler: ConnectionAdmission(ConnectionLimits(), proxies: .nobody, log: Self.logger))
            channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
            #expect(throws: Never.self) { try channel.throwIfErrorCaught() }
        }
        let channel = EmbeddedChannel(
            handler: ConnectionAdmission(ConnectionLimits(), proxies: .nobody, log: Self.logger))
        channel.pipeline.fireErrorCaught(IOError(errnoCode: EBADF, reason: "accept"))
        #expect(throws: IOError.self) { try channel.throwIfErrorCaught() }
    }

    @Test func `a peer that reads nothing is disconnected`() async throws {
        var limits = ConnectionLimits()
        limits.stall = .milliseconds(300)
        try await Self.serving(limits) { port in
            let channel = try await Self.open(port, reads: false)
            let ask = "GET /assets/gatehouse.css HTTP/1.1\r\nHost: localhost:8080\r\n\r\n"
            channel.writeAndFlush(ByteBuffer(string: String(repeating: ask, count: 5000)), promise: nil)
            try await channel.closeFuture.get()
        }
    }
}
