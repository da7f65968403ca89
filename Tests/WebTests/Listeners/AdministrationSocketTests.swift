import Foundation
import Glibc
import Logging
import NIOCore
import Testing

@testable import Web

@Suite("Admin socket", .timeLimit(.minutes(1)))
struct AdministrationSocketTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private final class Folder: Sendable {
        let path = "/tmp/gatehouse-\(UUID().uuidString.prefix(8))"
        var socket: String { path + "/admin/gatehouse.sock" }

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func mode(_ file: String) -> mode_t {
            var status = stat()
            return lstat(file, &status) == 0 ? status.st_mode & 0o777 : 0
        }
    }

    private static func post(_ body: String, path: String = "/v1/administration", length: Int? = nil) -> String {
        "POST \(path) HTTP/1.1\r\nHost: gatehouse\r\nContent-Length: \(length ?? body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n" + body
    }

    private func serving<Result: Sendable>(
        _ folder: Folder, group: String? = nil, handler: @escaping AdministrationSocket.Handler,
        _ body: @Sendable (String) async throws -> Result
    ) async throws -> Result {
        try await Wire.serving(
            { running in
                try AdministrationSocket(path: folder.socket, group: group).listener(
                    logger: Self.logger, handler: handler, whenRunning: running)
            }, { _ in try await body(folder.socket) })
    }

    @Test func `the handler gets the body and the peer that the kernel names`() async throws {
        let folder = try Folder()
        let answer = try await serving(folder) { peer, body in
            .json(Array("\(peer.user) \(peer.group) \(peer.process) ".utf8) + body)
        } _: {
            try await Wire.exchange(.socket($0), Self.post("{\"version\":1}"))
        }
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(answer.hasSuffix("\(geteuid()) \(getegid()) \(getpid()) {\"version\":1}"))
    }

    @Test func `socket and folder are open to the owner only, whatever the umask and the folder's group are`()
        async throws
    {
        let folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder.path + "/admin", withIntermediateDirectories: false)
        chmod(folder.path + "/admin", 0o750)
        try await serving(folder) { _, _ in
            .json([])
        } _: { socket in
            #expect(folder.mode(socket) == 0o600)
            #expect(folder.mode(folder.path + "/admin") == 0o700)
        }
    }

    @Test func `with a group, the group may use the socket and others still not`() async throws {
        let folder = try Folder()
        let group = try #require(getgrgid(getegid()).map { String(cString: $0.pointee.gr_name) })
        try await serving(folder, group: group) { _, _ in
            .json([])
        } _: { socket in
            #expect(folder.mode(socket) == 0o660)
            #expect(folder.mode(folder.path + "/admin") == 0o750)
        }
    }

    @Test func `a refusal and a stream reach the peer`() async throws {
        let folder = try Folder()
        let answers = try await serving(folder) { _, body in
            guard body.isEmpty else { return .json(Array("{}".utf8), refused: true) }
            return .stream(
                AsyncThrowingStream { source in
                    source.yield(Array("first,".utf8))
                    source.yield(Array("second".utf8))
                    source.finish()
                })
        } _: { socket in
            [
                try await Wire.exchange(.socket(socket), Self.post("{}")),
                try await Wire.exchange(.socket(socket), Self.post("")),
            ]
        }
        #expect(answers[0].hasPrefix("HTTP/1.1 422"))
        #expect(answers[1].contains("first,"))
        #expect(answers[1].contains("second"))
    }

    @Test func `a broken stream is not mistaken for a complete one`() async throws {
        let folder = try Folder()
        let answer = try await serving(folder) { _, _ in
            .stream(
                AsyncThrowingStream { source in
                    source.yield(Array("half".utf8))
                    source.finish(throwing: CocoaError(.fileReadUnknown))
                })
        } _: {
            try await Wire.exchange(.socket($0), Self.post(""))
        }
        #expect(!answer.hasSuffix("0\r\n\r\n"))
    }

    @Test func `a request over 32 MiB and another path are refused`() async throws {
        let folder = try Folder()
        let answers = try await serving(folder) { _, _ in
            .json([])
        } _: { socket in
            [
                try await Wire.exchange(.socket(socket), Self.post("", length: (32 << 20) + 1)),
                try await Wire.exchange(.socket(socket), Self.post("{}", path: "/")),
            ]
        }
        #expect(answers[0].hasPrefix("HTTP/1.1 413"))
        #expect(answers[1].hasPrefix("HTTP/1.1 404"))
    }

    @Test func `an overlong path, a relative path and an unknown group are refused with a sentence`() {
        let long = "/tmp/" + String(repeating: "a", count: 99)
        for (path, group, word) in [
            (long, nil, "103"), ("var/admin.sock", nil, "relative"),
            ("/tmp/x/a.sock", "no-such-group", "no-such-group"),
        ] as [(String, String?, String)] {
            let error = #expect(throws: ListenerError.self) { try AdministrationSocket(path: path, group: group) }
            #expect(error?.description.contains(word) ?? false)
        }
    }

    @Test func `a folder that is a link is refused`() throws {
        let folder = try Folder()
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/admin", withDestinationPath: "/tmp")
        #expect(throws: ListenerError.self) {
            try AdministrationSocket(path: folder.socket).listener(logger: Self.logger) { _, _ in .json([]) }
        }
    }
}
