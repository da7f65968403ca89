import Foundation
import JOSE

/// Refuses files that somebody besides the owner could read.
enum FilePermissions {
    /// What the last system call complained about.
    static var lastError: String { String(cString: strerror(errno)) }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether something is there. Where a folder above is closed to this user nobody can say, and that is an error of its own:
    /// a member of the admin group is still welcome at the socket.
    static func isThere(_ path: String) throws(StoreError) -> Bool {
        guard !exists(path) else { return true }
        guard errno == EACCES else { return false }
        let user = CustodyAdvice.name(of: geteuid())
        throw .permissions(
            "\(path) is closed to the user '\(user)'; run this as the server's user, or start the server and use its admin "
                + "socket as a member of admin.group")
    }

    /// 0700, or 0710 where a group may reach the admin socket beneath it.
    static func checkDirectory(_ path: String) throws(StoreError) {
        let mode = try mode(of: path)
        guard mode & 0o067 == 0 else {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            throw .permissions(CustodyAdvice.shut(path, mode: mode, key: "data", names: names, isOurs: isOurs))
        }
    }

    /// What Gatehouse puts into its data folder.
    private static func isOurs(_ name: String) -> Bool {
        name.hasPrefix("gatehouse.sqlite") || name.hasPrefix(".gatehouse-") || ["admin", "keys", "lock"].contains(name)
    }

    /// 0600 for the database and what SQLite keeps beside it.
    static func checkDatabase(_ path: String) throws(StoreError) {
        for file in [path, path + "-wal", path + "-shm"] where exists(file) {
            let mode = try mode(of: file)
            guard mode & 0o077 == 0 else {
                throw .permissions("\(file) is open to others (mode \(octal(mode))); run: chmod 600 \(file)")
            }
        }
    }

    /// Makes a new file's name survive a power cut: its folder's entry is synced too.
    static func syncFolder(of path: String) throws(StoreError) {
        let folder = (path as NSString).deletingLastPathComponent
        try sync(folder, flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }

    /// Waits until the file's bytes are on the disk.
    static func sync(_ path: String, flags: Int32 = O_RDONLY | O_CLOEXEC) throws(StoreError) {
        let descriptor = open(path, flags)
        guard descriptor >= 0 else { throw .failed("cannot open \(path): \(lastError)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .failed("cannot sync \(path): \(lastError)") }
    }

    private static func mode(of path: String) throws(StoreError) -> mode_t {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw .permissions("cannot look at \(path): \(lastError)")
        }
        guard status.st_mode & S_IFMT != S_IFLNK else {
            throw .permissions("\(path) is a symbolic link; name the real place instead")
        }
        guard status.st_uid == geteuid() else {
            throw .permissions(CustodyAdvice.foreign(path, owner: status.st_uid, key: "data"))
        }
        return status.st_mode & 0o777
    }

    private static func octal(_ mode: mode_t) -> String { "0" + String(mode, radix: 8) }
}
