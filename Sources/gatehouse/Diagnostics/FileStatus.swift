import CDispatch
import Glibc

/// The status of a file or folder, and the space on its disk.
struct FileStatus {
    /// The permission bits.
    let mode: mode_t
    let isOwn: Bool
    /// The time of the last change, in seconds since 1970.
    let writtenAt: Int64

    /// Nil for a path that does not exist or that this process must not read.
    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        mode = status.st_mode & 0o777
        isOwn = status.st_uid == geteuid()
        writtenAt = Int64(status.st_mtim.tv_sec)
    }

    var octal: String { "0" + String(mode, radix: 8) }

    /// The space that a disk has for this user.
    struct Space {
        let freeBytes: UInt64
        let share: Double
        let isReadOnly: Bool

        init(freeBytes: UInt64, share: Double, isReadOnly: Bool) {
            self.freeBytes = freeBytes
            self.share = share
            self.isReadOnly = isReadOnly
        }

        init?(at path: String) {
            var facts = statvfs()
            guard statvfs(path, &facts) == 0, facts.f_blocks > 0 else { return nil }
            freeBytes = UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
            share = Double(facts.f_bavail) / Double(facts.f_blocks)
            isReadOnly = UInt(facts.f_flag) & UInt(ST_RDONLY) != 0 || access(path, W_OK) != 0
        }
    }

    /// The folder of a path.
    static func folder(of path: String) -> String {
        let cut = path.lastIndex(of: "/") ?? path.startIndex
        return cut == path.startIndex ? "/" : String(path[..<cut])
    }
}
