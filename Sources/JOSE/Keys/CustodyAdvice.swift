import Glibc

/// Advice for a file or folder whose owner or mode prevents Gatehouse from using it, from the reader's point of view.
///
/// A command that is right for Gatehouse's own folder would damage a machine if the path names a system folder or another
/// program's: there the advice is to configure another folder.
package enum CustodyAdvice {
    /// Advice for a folder that other users can enter. `names` is its content, `isOurs` recognises Gatehouse's own files, and `key`
    /// is the configuration key of the path.
    package static func shut(
        _ folder: String, mode: UInt32, key: String, names: some Sequence<String>, isOurs: (String) -> Bool
    ) -> String {
        let open = "\(folder) is open to other users (mode 0\(String(mode & 0o7777, radix: 8)))"
        if SystemFolders.contain(folder) {
            return "\(open), as a folder of the system must be: set '\(key)' to a folder of Gatehouse's own."
        }
        if let other = names.sorted().first(where: { !isOurs($0) }) {
            return "\(open) and holds other things, such as '\(other)': set '\(key)' to a folder of Gatehouse's own."
        }
        return "\(open): run chmod 700 \(folder)"
    }

    /// Advice for a path that belongs to another user than the reader.
    package static func foreign(_ path: String, owner: UInt32, reader: UInt32? = nil, key: String) -> String {
        let reader = reader ?? geteuid()
        let (whose, who) = (name(of: owner), name(of: reader))
        let belongs = "\(path) belongs to the user '\(whose)' and not to '\(who)'"
        // Files of root are no reason to run a server as root, and a system folder must not change its owner.
        if owner == 0 || SystemFolders.contain(path) {
            return
                "\(belongs): set '\(key)' to a folder that belongs to '\(who)', or find out who started Gatehouse as '\(whose)'."
        }
        let way = reader == 0 ? "runuser -u \(whose) -- gatehouse …" : "sudo -u \(whose) gatehouse …"
        return "\(belongs): run this as that user (\(way)), or set '\(key)' to a folder that belongs to '\(who)'."
    }

    /// The name of a user, or the uid if it has none.
    package static func name(of user: UInt32) -> String {
        getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "\(user)"
    }
}

/// The folders of the operating system and of other programs.
package enum SystemFolders {
    private static let tops = [
        "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "lost+found", "media", "mnt", "opt",
        "proc",
        "root", "run", "sbin", "snap", "srv", "sys", "tmp", "usr", "var",
    ]
    private static let below = [
        "dev": ["mqueue", "pts", "shm"], "run": ["lock", "systemd", "user"],
        "usr": ["bin", "games", "include", "lib", "lib32", "lib64", "libexec", "local", "sbin", "share", "src"],
        "var": [
            "backups", "cache", "empty", "lib", "local", "lock", "log", "mail", "opt", "run", "spool", "tmp", "www",
        ],
    ]

    /// Whether an absolute path, in any spelling, is such a folder.
    package static func contain(_ path: String) -> Bool {
        let parts = path.split(separator: "/").filter { $0 != "." }.map(String.init)
        switch parts.count {
        case 0: return true
        case 1: return tops.contains(parts[0])
        case 2: return below[parts[0]]?.contains(parts[1]) ?? ["proc", "sys", "boot"].contains(parts[0])
        case 3 where parts[0] == "usr" && parts[1] == "local":
            return (below["usr"] ?? []).contains(parts[2]) || parts[2] == "etc"
        default: return ["proc", "sys", "boot"].contains(parts[0])
        }
    }
}
