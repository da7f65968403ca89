import Foundation
import Glibc
import ServerSupport
import TestSupport
import Testing

@testable import Web

@Suite("The folder of the admin socket")
struct SocketFolderTests {
    private static func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    private static func sentence(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [0o755, 0o711, 0o770, 0o1777, 0o1700] as [mode_t])
    func `a folder that others can enter or write to is refused and keeps its mode`(mode: mode_t) throws {
        let place = try TemporaryFolder()
        chmod(place.path, mode)
        defer { chmod(place.path, 0o700) }
        let folder = SocketFolder(of: place.path + "/gatehouse.sock", data: "/srv/data", group: nil)
        for said in [Self.sentence { try folder.examine() }, Self.sentence { _ = try folder.prepare() }] {
            #expect(said.contains("is shared with others (mode 0\(String(mode, radix: 8)))"))
            let safe = mode & 0o022 == 0 ? "\(place.path)/gatehouse/gatehouse.sock" : "/srv/data/admin/gatehouse.sock"
            #expect(said.contains("set 'admin.socket' to \(safe);"))
        }
        #expect(Self.mode(place.path) == mode)
    }

    @Test func `a folder that holds anything but the socket is refused and keeps its mode`() throws {
        let place = try TemporaryFolder()
        chmod(place.path, 0o750)
        try place.write("theirs", to: "notes.txt")
        let folder = SocketFolder(of: place.path + "/gatehouse.sock", group: nil)
        #expect(Self.sentence { _ = try folder.prepare() }.contains("holds other things, such as 'notes.txt'"))
        #expect(Self.mode(place.path) == 0o750)
    }

    @Test func `a link, a file and another user's folder are refused`() throws {
        let place = try TemporaryFolder()
        try place.write("", to: "file")
        try FileManager.default.createSymbolicLink(atPath: place.path + "/link", withDestinationPath: "/tmp")
        for name in ["file", "link"] {
            let folder = SocketFolder(of: "\(place.path)/\(name)/gatehouse.sock", group: nil)
            #expect(Self.sentence { _ = try folder.prepare() }.contains("is a link or a file"))
        }
        let foreign = FolderStatus(isFolder: true, isOwn: false, mode: 0o700, names: [])
        #expect(foreign.objection(to: "gatehouse.sock") == "belongs to another user")
        #expect(!foreign.isSafeToMakeIn)
        #expect(FolderStatus(isFolder: true, isOwn: false, isOwnedByRoot: true, mode: 0o755, names: []).isSafeToMakeIn)
        #expect(
            !FolderStatus(isFolder: true, isOwn: false, isOwnedByRoot: true, mode: 0o1777, names: []).isSafeToMakeIn)
    }

    @Test func `modes are set on the locked folder, not on a later target of its path`() throws {
        let place = try TemporaryFolder()
        let (path, moved) = (place.path + "/admin", place.path + "/moved")
        let taken = try SocketFolder(of: path + "/gatehouse.sock", group: nil).prepare()
        try FileManager.default.moveItem(atPath: path, toPath: moved)
        try place.write("theirs", to: "bait")
        chmod(place.path + "/bait", 0o644)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: path + "/gatehouse.sock", withDestinationPath: place.path + "/bait")
        #expect(Self.sentence { try taken.open() }.contains("was replaced while the server started"))
        #expect(Self.mode(place.path + "/bait") == 0o644)
        // A socket of a dead server in the folder that was taken is not the one that was bound.
        close(try Self.listen(at: moved + "/gatehouse.sock"))
        let listening = try Self.listen(at: place.path + "/other.sock")
        defer { close(listening) }
        unlink(path + "/gatehouse.sock")
        rename(place.path + "/other.sock", path + "/gatehouse.sock")
        #expect(Self.sentence { try taken.open() }.contains("was replaced while the server started"))
    }

    @Test func `the socket's own mode is set, whatever binding left`() throws {
        let place = try TemporaryFolder()
        let path = place.path + "/admin/gatehouse.sock"
        let taken = try SocketFolder(of: path, group: nil).prepare()
        let listening = try Self.listen(at: path)
        defer { close(listening) }
        chmod(path, 0o666)
        try taken.open()
        #expect(Self.mode(path) == 0o600)
    }

    @Test func `a missing folder is created, and one that contains only the socket is reused`() throws {
        let place = try TemporaryFolder()
        let folder = SocketFolder(of: place.path + "/admin/gatehouse.sock", group: nil)
        for mode in [0o700, 0o750, 0o500] as [mode_t] {
            _ = try folder.prepare()
            #expect(Self.mode(place.path + "/admin") == 0o700)
            chmod(place.path + "/admin", mode)
        }
    }

    @Test func `of two servers that start at once one locks the folder until it ends`() throws {
        let place = try TemporaryFolder()
        let folder = SocketFolder(of: place.path + "/admin/gatehouse.sock", group: nil)
        let first = try folder.prepare()
        #expect(Self.sentence { _ = try folder.prepare() }.contains("Another server uses the folder"))
        withExtendedLifetime(first) {}
    }

    @Test func `the socket of a running server is left alone, and that of an ended one is replaced`() throws {
        let place = try TemporaryFolder()
        let path = place.path + "/admin/gatehouse.sock"
        try FileManager.default.createDirectory(
            atPath: place.path + "/admin", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let listening = try Self.listen(at: path)
        let folder = SocketFolder(of: path, group: nil)
        #expect(Self.sentence { try folder.examine() }.contains("Another server answers at \(path)"))
        #expect(Self.sentence { _ = try folder.prepare() }.contains("Another server answers at \(path)"))
        close(listening)
        #expect(Self.sentence { _ = try folder.prepare() } == "accepted")
        unlink(path)
        try place.write("", to: "admin/gatehouse.sock")
        #expect(Self.sentence { try folder.examine() }.contains("is not a socket"))
    }

    private static func listen(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard isBound == 0, Glibc.listen(descriptor, 1) == 0 else { throw StageFailure("no socket at \(path)") }
        return descriptor
    }
}
