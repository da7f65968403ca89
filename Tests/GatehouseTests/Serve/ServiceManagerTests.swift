import Foundation
import Glibc
import TestSupport
import Testing

@testable import gatehouse

/// A socket at which a test listens as systemd does.
private final class NotifySocket {
    private let descriptor: Int32

    /// Binds a datagram socket. A name that begins with `@` is an abstract address.
    init(_ name: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if name.hasPrefix("@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(bound == 0)
        // A message that never comes fails the test instead of holding it up.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// The next message; empty if none comes.
    func next() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }
}

@Suite("The service manager")
struct ServiceManagerTests {
    @Test func `A socket with a file and an abstract one are told each state`() throws {
        let folder = try TemporaryFolder()
        for name in [folder.path + "/notify", "@gatehouse-\(UInt64.random(in: .min ... .max))"] {
            let socket = try NotifySocket(name)
            let manager = ServiceManager(socket: name)
            try manager.say(.ready)
            #expect(socket.next() == "READY=1")
            try manager.say(.reloading)
            let reloading = socket.next().split(separator: "\n")
            #expect(reloading.first == "RELOADING=1")
            #expect(reloading.last?.wholeMatch(of: /MONOTONIC_USEC=[1-9][0-9]+/) != nil)
            try manager.say(.stopping)
            #expect(socket.next() == "STOPPING=1")
        }
    }

    @Test func `Without a service manager nothing is sent, and an unreachable one is an error with its cause`() throws {
        for none in [nil, ""] { try ServiceManager(socket: none).say(.ready) }
        let folder = try TemporaryFolder()
        for wrong in [folder.path + "/missing", "relative", "vsock:2:1", "/" + String(repeating: "a", count: 107)] {
            let error = #expect(throws: ServiceManager.Failure.self) { try ServiceManager(socket: wrong).say(.ready) }
            #expect(error?.description.hasPrefix("cannot reach the service manager at NOTIFY_SOCKET: ") ?? false)
        }
    }

    @Test func `A server says when it is ready, when it reloads, also in vain, and when it stops`() async throws {
        try await Stage.play { stage in
            let socket = try NotifySocket(stage.path("notify"))
            let first = try await RunningGatehouse.start(on: stage)
            let gatehouse = try await first.restarted(environment: ["NOTIFY_SOCKET": stage.path("notify")])
            #expect(socket.next() == "READY=1")
            #expect(try await gatehouse.operations.get("/readyz").status == 200)
            kill(gatehouse.process.identifier, SIGHUP)
            #expect(socket.next().hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
            #expect(socket.next() == "READY=1")
            _ = try stage.write("nonsense: 1", to: "gatehouse.yaml")
            kill(gatehouse.process.identifier, SIGHUP)
            #expect(socket.next().hasPrefix("RELOADING=1\n"))
            #expect(socket.next() == "READY=1")
            #expect(try stage.log("gatehouse").contains("configuration not reloaded"))
            await gatehouse.process.stop()
            #expect(socket.next() == "STOPPING=1")
            #expect(try await gatehouse.process.end() == 0)
        }
    }

    @Test func `A server whose service manager is gone serves all the same, and logs it`() async throws {
        try await Stage.play { stage in
            let first = try await RunningGatehouse.start(on: stage)
            let gatehouse = try await first.restarted(environment: ["NOTIFY_SOCKET": stage.path("gone")])
            #expect(try await gatehouse.operations.get("/readyz").status == 200)
            await eventually {
                try stage.log("gatehouse").split(separator: "\n").contains {
                    $0.contains("the service manager was not told") && $0.contains(#""state":"ready""#)
                }
            }
        }
    }
}
