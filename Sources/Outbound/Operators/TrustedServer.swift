import Glibc

/// The users whose process may listen on the administration socket.
///
/// Any user can listen at a path that is still free, and commands send passwords and client secrets there. The kernel reports
/// the listener's uid. The command line trusts root, its own user, and the owner of the data folder or of the socket's folder,
/// if no other user could have created that folder.
package struct TrustedServer: Sendable {
    private let data: String?
    private let caller: UInt32
    private let root: UInt32

    /// Trusts root, the caller and the owner of the folder `data`; tests pass other uids.
    package init(data: String? = nil, caller: UInt32 = geteuid(), root: UInt32 = 0) {
        self.data = data
        self.caller = caller
        self.root = root
    }

    /// Whether a process of this uid may be the server behind the socket at this absolute path.
    func accepts(_ user: UInt32, at socket: String) -> Bool {
        if user == root || user == caller { return true }
        let folder = String(socket[..<(socket.lastIndex(of: "/") ?? socket.startIndex)])
        return [data, folder].contains { $0.flatMap(Self.provenOwner) == user }
    }

    /// The owner of a folder that no other user could have replaced; nil if one could, or if the folder cannot be examined.
    private static func provenOwner(of path: String) -> UInt32? {
        // With a symbolic link on the path, both the link's own parents and its target's are checked.
        guard let status = folder(at: path), let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        let above = Set(parents(of: path)).union(parents(of: String(cString: real)))
        let isGuarded = above.allSatisfy { folder(at: $0).map { $0.st_mode & (S_IWGRP | S_IWOTH) == 0 } ?? false }
        return isGuarded ? status.st_uid : nil
    }

    private static func folder(at path: String) -> stat? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return status
    }

    /// The parent folders of an absolute path, including the root.
    private static func parents(of path: String) -> [String] {
        var parents = ["/"]
        for name in path.split(separator: "/").dropLast() {
            parents.append(parents[parents.count - 1] + (parents.count == 1 ? "" : "/") + name)
        }
        return parents
    }

    /// The name of a user, or the uid if it has none.
    static func name(of user: UInt32) -> String {
        getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "\(user)"
    }
}
