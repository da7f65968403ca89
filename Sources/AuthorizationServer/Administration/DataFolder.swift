import Foundation

/// Which data folder a server works on, or a command is meant for.
package struct DataFolder: Codable, Hashable, Sendable {
    /// Its absolute path.
    package let path: String
    /// Device and inode, which are the same however the path is spelled; nil where the folder cannot be reached.
    package let node: String?

    /// The folder at this path, as it is now.
    package init(at path: String) {
        self.path = path
        var status = stat()
        node = stat(path, &status) == 0 ? "\(status.st_dev):\(status.st_ino)" : nil
    }

    /// Whether both are one folder. Whoever cannot reach it knows only its path.
    func isSame(as other: DataFolder) -> Bool {
        if let node, let other = other.node { return node == other }
        return path == other.path
    }
}
