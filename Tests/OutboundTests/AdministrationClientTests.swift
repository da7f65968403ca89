import Foundation
import TestSupport
import Testing

@testable import Outbound

@Suite("The administration socket's client")
struct AdministrationClientTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var directory: String { folder.path }
    private var socket: String { directory + "/s" }

    @Test func `posts one body over the socket and returns the answer`() async throws {
        let server = try await LoopbackServer.start(socket: socket) { _ in
            LoopbackServer.http("403 Forbidden", body: #"{"error":"no"}"#)
        }
        let client = try AdministrationClient(socket: socket)
        let answer = try await client.send(path: "/administration", body: Array(#"{"version":1}"#.utf8))
        #expect(answer.status == 403)
        #expect(answer.body == Array(#"{"error":"no"}"#.utf8))
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST /administration HTTP/1.1\r\nHost: localhost\r\n"))
        #expect(request.hasSuffix("\r\n\r\n" + #"{"version":1}"#))
        try await server.stop()
    }

    @Test func `a backup goes into the file as it comes, however large`() async throws {
        let content = String(repeating: "0123456789abcdef", count: 200_000)
        let server = try await LoopbackServer.start(socket: socket) { _ in
            LoopbackServer.http("200 OK", "Content-Type: application/octet-stream", body: content)
        }
        let file = directory + "/backup"
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        let handle = try #require(FileHandle(forWritingAtPath: file))
        let answer = try await AdministrationClient(socket: socket)
            .stream(path: "/backup", body: [], into: handle.fileDescriptor)
        try handle.close()
        #expect(answer.status == 200 && answer.body.isEmpty)
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data(content.utf8))
        try await server.stop()
    }

    @Test func `a refused backup writes nothing and returns why; one cut short is an error`() async throws {
        let server = try await LoopbackServer.start(socket: socket) { request in
            request.hasPrefix("POST /refused")
                ? LoopbackServer.http("403 Forbidden", body: "no")
                : .bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", thenClose: true)
        }
        let client = try AdministrationClient(socket: socket)
        let file = directory + "/backup"
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        let handle = try #require(FileHandle(forWritingAtPath: file))
        let answer = try await client.stream(path: "/refused", body: [], into: handle.fileDescriptor)
        #expect(answer.status == 403 && answer.body == Array("no".utf8))
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)).isEmpty)
        let error = await #expect(throws: AdministrationClientError.self) {
            try await client.stream(path: "/cut", body: [], into: handle.fileDescriptor)
        }
        guard case .broken = error else {
            Issue.record("expected the cut to be seen")
            return
        }
        try handle.close()
        try await server.stop()
    }

    @Test func `no socket, and one that nobody serves any more, are said plainly`() async throws {
        await #expect(throws: AdministrationClientError.noServer(socket)) {
            try await AdministrationClient(socket: socket).send(path: "/x", body: [])
        }
        #expect(FileManager.default.createFile(atPath: socket, contents: nil))
        await #expect(throws: AdministrationClientError.noServer(socket)) {
            try await AdministrationClient(socket: socket).send(path: "/x", body: [])
        }
        #expect("\(AdministrationClientError.noServer(socket))".hasPrefix("no Gatehouse server answers at \(socket);"))
    }

    @Test func `a path of 103 bytes is the longest`() throws {
        let longest = "/" + String(repeating: "x", count: 102)
        _ = try AdministrationClient(socket: longest)
        #expect(throws: AdministrationClientError.pathTooLong(longest + "x")) {
            try AdministrationClient(socket: longest + "x")
        }
    }

    @Test func `a server that does not answer is noticed before a long request is sent`() async throws {
        let silent = try await LoopbackServer.start(socket: socket) { _ in .silence }
        await #expect(throws: AdministrationClientError.silent(socket)) {
            try await AdministrationClient(socket: socket, answerTime: 50)
                .send(path: "/v1/administration", body: Array("secret".utf8), isLong: true)
        }
        #expect(!silent.requests.contains { $0.contains("secret") })
        try await silent.stop()
        let server = try await LoopbackServer.start(socket: socket) { request in
            request.hasPrefix("POST / ")
                ? LoopbackServer.http("404 Not Found", body: "") : LoopbackServer.http("200 OK", body: "{}")
        }
        let answer = try await AdministrationClient(socket: socket)
            .send(path: "/v1/administration", body: Array("secret".utf8), isLong: true)
        #expect(answer.status == 200 && server.requests.count == 2)
        try await server.stop()
    }
}
