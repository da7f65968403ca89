import Foundation
import JOSE

/// Refuses files and folders that another user could read.
enum FilePermissions {
    /// The text of the last system call's error.
    static var lastError: String { String(cString: strerror(errno)) }

    /// Whether the path exists, as far as this user can tell.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether the path exists. If a folder above is closed to this user, that is an error of its own, because a member of the
    /// admin group can still use the socket.
    static func isThere(_ path: String) throws(StoreError) -> Bool {
        guard !exists(path) else { return true }
        guard errno == EACCES else { return false }
        let user = CustodyAdvice.name(of: geteuid())
        throw .permissions(
            "\(path) is closed to the user '\(user)'; run this as the server's user, or start the server and use its admin "
                + "socket as a member of admin.group")
    }

    /// Demands mode 0700, or 0710 if a group may reach the admin socket below.
    static func checkDirectory(_ path: String) throws(StoreError) {
        let mode = try mode(of: path)
        guard mode & 0o067 == 0 else {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            throw .permissions(CustodyAdvice.shut(path, mode: mode, key: "data", names: names, isOurs: isOurs))
        }
    }

    /// Whether Gatehouse creates a file of this name in its data folder.
    private static func isOurs(_ name: String) -> Bool {
        name.hasPrefix("gatehouse.sqlite") || name.hasPrefix(".gatehouse-") || ["admin", "keys", "lock"].contains(name)
    }

    /// Demands mode 0600 for the database and SQLite's files beside it.
    static func checkDatabase(_ path: String) throws(StoreError) {
        for file in [path, path + "-wal", path + "-shm"] where exists(file) {
            let mode = try mode(of: file)
            guard mode & 0o077 == 0 else {
                throw .permissions("\(file) is open to others (mode \(octal(mode))); run: chmod 600 \(file)")
            }
        }
    }

    /// Makes the name of a new file survive a power cut, which the sync of the file alone does not.
    static func syncFolder(of path: String) throws(StoreError) {
        let folder = (path as NSString).deletingLastPathComponent
        try sync(folder, flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }

    /// Waits until the bytes of the file are on the disk.
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
