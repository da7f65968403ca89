import Foundation
import Synchronization

/// A folder that is removed with this object; its path is short enough for a Unix socket.
package final class TemporaryFolder: Sendable {
    package let path: String

    /// Creates a folder with mode 0700.
    package init() throws {
        path = "/tmp/gh-" + String(UInt64.random(in: .min ... .max), radix: 36)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a text and returns its absolute path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
        return path + "/" + name
    }

    /// Keeps the folder until the process exits, for what all tests of a process share.
    package func lastsUntilExit() {
        Self.shared.withLock { folders in
            if folders.isEmpty { atexit { TemporaryFolder.shared.withLock { $0.removeAll() } } }
            folders.append(self)
        }
    }

    private static let shared = Mutex<[TemporaryFolder]>([])
}
