import Foundation
import Glibc
import TestSupport
import Testing

@testable import Outbound

@Suite("Who may stand behind the admin socket")
struct TrustedServerTests {
    private let folder: TemporaryFolder
    private var socket: String { folder.path + "/s" }
    /// A uid that runs no tests.
    private static let (caller, root, stranger): (UInt32, UInt32, UInt32) = (4_200_001, 4_200_002, 4_200_003)

    init() throws { folder = try TemporaryFolder() }

    @Test func `nothing is sent to a process of another user, and the refusal names that user`() async throws {
        let server = try await LoopbackServer.start(socket: socket) { _ in LoopbackServer.http("200 OK", body: "{}") }
        let trusted = TrustedServer(data: folder.path, caller: Self.caller, root: Self.root)
        let client = try AdministrationClient(socket: socket, trusted: trusted)
        // Anybody can make a folder in /tmp, so that its owner proves nothing.
        await #expect(throws: AdministrationClientError.stranger(socket, user: geteuid())) {
            try await client.send(path: "/administration", body: Array("secret".utf8))
        }
        let file = try #require(FileHandle(forUpdatingAtPath: try folder.write("", to: "backup")))
        await #expect(throws: AdministrationClientError.stranger(socket, user: geteuid())) {
            try await client.stream(path: "/administration", body: Array("secret".utf8), into: file.fileDescriptor)
        }
        #expect(server.requests.isEmpty)
        let said = "\(AdministrationClientError.stranger(socket, user: geteuid()))"
        let name = String(cString: try #require(getpwuid(geteuid())).pointee.pw_name)
        #expect(said.contains("runs as the user '\(name)'") && said.contains("nothing was sent to it"))
        try await server.stop()
    }

    @Test func `root and the caller's own user are spoken to`() async throws {
        let server = try await LoopbackServer.start(socket: socket) { _ in LoopbackServer.http("200 OK", body: "{}") }
        for trusted in [
            TrustedServer(caller: geteuid(), root: Self.root), TrustedServer(caller: Self.caller, root: geteuid()),
        ] {
            let client = try AdministrationClient(socket: socket, trusted: trusted)
            #expect(try await client.send(path: "/administration", body: []).status == 200)
        }
        try await server.stop()
    }

    @Test func `the owner of a folder counts only where nobody else could have made that folder`() throws {
        let trusted = TrustedServer(caller: Self.caller, root: Self.root)
        // The owners of system folders, which are there on every machine, stand for a server's user.
        let owner = try #require(try Self.owner("/usr/lib"))
        #expect(trusted.accepts(owner, at: "/usr/lib/gatehouse.sock"))
        #expect(!trusted.accepts(Self.stranger, at: "/usr/lib/gatehouse.sock"))
        #expect(!trusted.accepts(geteuid(), at: socket))
        #expect(!trusted.accepts(owner, at: "/nowhere/at/all/gatehouse.sock"))
        // A link in a folder that everybody can write to leads wherever its maker likes.
        let link = folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/usr/lib")
        #expect(!trusted.accepts(owner, at: link + "/gatehouse.sock"))
        // The data folder counts by the same rule, wherever the socket lies.
        func withData(_ data: String) -> TrustedServer {
            TrustedServer(data: data, caller: Self.caller, root: Self.root)
        }
        #expect(withData("/usr/lib").accepts(owner, at: socket))
        #expect(!withData(link).accepts(owner, at: socket))
        #expect(!withData("/nowhere").accepts(owner, at: socket))
    }

    private static func owner(_ path: String) throws -> UInt32? {
        (try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? NSNumber)?.uint32Value
    }
}
