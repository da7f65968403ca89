import CDispatch
import Foundation
import Glibc
import JOSE
import MCPClient
import Storage

/// The folder of a server for trying things. A marker file in it says that `gatehouse dev` made it; without the marker nothing is
/// written to a folder or removed from it.
struct DevFolder {
    /// The absolute path.
    let path: String
    /// The port at which the test client's metadata document is served, the same at every start.
    let clientPort: Int

    private static let marker = ".gatehouse-dev"
    /// What `empty` removes.
    private static let contents = ["var", "keys", "tls", ".env", "gatehouse.yaml"]

    /// Takes a folder with the marker, or creates one, with its parents.
    init(_ path: String) throws {
        self.path = AbsolutePath(path, relativeTo: FileManager.default.currentDirectoryPath).string
        var status = stat()
        if lstat(self.path, &status) != 0 {
            try FileManager.default.createDirectory(
                atPath: self.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } else if status.st_mode & S_IFMT != S_IFDIR {
            throw CommandError("\(self.path) is not a folder. Give another one with --folder.")
        }
        clientPort = try Self.marked(self.path)
    }

    /// The path of a file in the folder.
    func file(_ name: String) -> String { path + "/" + name }

    /// The port in the marker. An empty folder gets the marker; any other one without it is refused.
    private static func marked(_ path: String) throws -> Int {
        let file = path + "/" + marker
        if let bytes = FileManager.default.contents(atPath: file) {
            guard let port = (try? JSONObject(parsing: [UInt8](bytes)))?["client_port"]?.integer,
                (1...65_535).contains(port)
            else { throw CommandError("\(file) cannot be read. Remove the folder, or give another one with --folder.") }
            return Int(port)
        }
        guard try FileManager.default.contentsOfDirectory(atPath: path).isEmpty else {
            throw CommandError(
                "\(path) has files, and 'gatehouse dev' did not make it. Give a new folder with --folder; nothing was changed."
            )
        }
        let port = try FreePort.find()
        let text: JSONObject = ["made_by": "gatehouse dev", "client_port": .integer(Int64(port))]
        try PrivateFile.write(text.bytes + [UInt8(ascii: "\n")], to: file)
        // Developers start this in their repositories, which the keys and the secret must not enter.
        try PrivateFile.write(Array("*\n".utf8), to: path + "/.gitignore")
        return port
    }

    /// Removes the data, so that the next start begins anew. Refuses while a server uses them.
    func empty() throws {
        var lock: DataDirectory?
        do throws(StoreError) {
            lock = try DataDirectory.lock(file("var"), create: false)
        } catch .missing {
            lock = nil
        }
        defer { lock?.unlock() }
        for name in Self.contents where access(file(name), F_OK) == 0 {
            try FileManager.default.removeItem(atPath: file(name))
        }
    }
}
