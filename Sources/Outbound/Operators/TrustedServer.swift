import Glibc

/// Who may stand behind the admin socket.
///
/// Anybody can listen at a path that nobody has taken yet, and commands send passwords and client secrets there. The kernel names
/// the user who listens; the command line speaks to root, to its own user, and to the owner of the data folder or of the
/// socket's folder, where nobody else could have made that folder.
package struct TrustedServer: Sendable {
    private let data: String?
    private let caller: UInt32
    private let root: UInt32

    /// Trusts the owner of the folder `data` besides root and the caller, who are the process's own unless a test names others.
    package init(data: String? = nil, caller: UInt32 = geteuid(), root: UInt32 = 0) {
        self.data = data
        self.caller = caller
        self.root = root
    }

    /// Whether a process of this user may be the server whose socket has this absolute path.
    func accepts(_ user: UInt32, at socket: String) -> Bool {
        if user == root || user == caller { return true }
        let folder = String(socket[..<(socket.lastIndex(of: "/") ?? socket.startIndex)])
        return [data, folder].contains { $0.flatMap(Self.provenOwner) == user }
    }

    /// The owner of a folder in whose place nobody else could have put another one; nil where somebody could, or where the folder
    /// cannot be seen.
    private static func provenOwner(of path: String) -> UInt32? {
        // A link above the folder is judged where it stands and where it leads.
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

    /// The folders above an absolute path, the root among them.
    private static func parents(of path: String) -> [String] {
        var parents = ["/"]
        for name in path.split(separator: "/").dropLast() {
            parents.append(parents[parents.count - 1] + (parents.count == 1 ? "" : "/") + name)
        }
        return parents
    }

    /// The name of a user, or the number of one who has none.
    static func name(of user: UInt32) -> String {
        getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "\(user)"
    }
}
