import Foundation
import JOSE
import Synchronization

/// The folder of the database, which one process at a time owns: two processes that checkpoint can corrupt the file.
package final class DataDirectory: Sendable {
    /// The absolute path of the folder.
    package let path: String
    private let descriptor: Mutex<Int32?>

    /// The absolute path of the database inside the folder.
    package var database: String { path + "/gatehouse.sqlite" }

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = Mutex(descriptor)
    }

    deinit { unlock() }

    /// Locks the folder for this process; with `create` it makes the folder with mode 0700.
    package static func lock(_ directory: String, create: Bool) throws(StoreError) -> DataDirectory {
        // SQLite creates its -wal and -shm files itself, and only the mask keeps them private.
        umask(0o077)
        let path = absolute(directory)
        if create {
            try makeFolder(path)
        } else {
            // A missing folder holds no database, so both are the same error.
            guard try FilePermissions.isThere(path) else { throw .missing(path: path + "/gatehouse.sqlite") }
        }
        try FilePermissions.checkDirectory(path)
        let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw unwritable(path)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .locked(directory: path)
        }
        removeLeftovers(path)
        return DataDirectory(path: path, descriptor: descriptor)
    }

    /// A new name in `folder` for a temporary file or folder that the caller moves or streams. Its content is as secret as the
    /// database, so the next `lock` deletes what a crash leaves of it.
    package static func draft(in folder: String, ending suffix: String) -> String {
        folder + "/" + draftPrefix + Random.token(9) + suffix
    }

    private static let draftPrefix = ".gatehouse-draft-"

    private static func removeLeftovers(_ path: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names where name.hasPrefix(draftPrefix) {
            try? FileManager.default.removeItem(atPath: path + "/" + name)
        }
    }

    /// Releases the lock; the end of the process does as well.
    package func unlock() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }

    /// Puts another database in the place of the present one, which is kept under `kept` with what SQLite had beside it; returns
    /// the path of the kept one, or nil if there was none. A crash in between leaves no database, and both files.
    package func exchangeDatabase(for replacement: String, keepingAs kept: String) throws(StoreError) -> String? {
        let aside = path + "/" + kept
        let hadDatabase = Self.isTaken(database)
        guard !Self.isTaken(aside) else { throw .failed("\(aside) already exists; move it away") }
        // A log beside another database would be read as a part of that one.
        for ending in ["", "-wal"] where Self.isTaken(database + ending) {
            guard rename(database + ending, aside + ending) == 0 else {
                throw .failed("cannot rename \(database + ending): \(FilePermissions.lastError)")
            }
        }
        unlink(database + "-shm")
        try FilePermissions.syncFolder(of: database)
        guard rename(replacement, database) == 0 else {
            throw .failed("cannot rename \(replacement): \(FilePermissions.lastError)")
        }
        try FilePermissions.syncFolder(of: database)
        return hadDatabase ? aside : nil
    }

    /// Whether anything has this path, also a link that leads nowhere.
    private static func isTaken(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// The error for a lock file that cannot be opened in a folder of this user.
    private static func unwritable(_ path: String) -> StoreError {
        let cause = FilePermissions.lastError
        var status = stat()
        if lstat(path + "/lock", &status) == 0, status.st_uid != geteuid() {
            return .permissions(CustodyAdvice.foreign(path + "/lock", owner: status.st_uid, key: "data"))
        }
        return .permissions(
            "cannot write in \(path): \(cause); make it writable for its owner, or set 'data' to another folder")
    }

    private static func makeFolder(_ path: String) throws(StoreError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            let user = CustodyAdvice.name(of: geteuid())
            throw .permissions(
                "cannot create \(path): \(FilePermissions.lastError); run as root: install -d -m 700 -o \(user) \(path)"
            )
        }
    }

    private static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }
}
