import Foundation

/// The data folder of a server, or the one that a command's configuration names.
package struct DataFolder: Codable, Hashable, Sendable {
    /// The absolute path.
    package let path: String
    /// Device and inode, which identify the folder under any path; nil if this process cannot reach it.
    package let node: String?

    /// The folder that is at this path now.
    package init(at path: String) {
        self.path = path
        var status = stat()
        node = stat(path, &status) == 0 ? "\(status.st_dev):\(status.st_ino)" : nil
    }

    /// Whether both are the same folder. If one side cannot reach it, the paths are compared.
    func isSame(as other: DataFolder) -> Bool {
        if let node, let other = other.node { return node == other }
        return path == other.path
    }
}
