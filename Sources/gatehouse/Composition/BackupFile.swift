import Foundation
import Glibc
import JOSE

/// A file that appears whole or not at all, readable by its owner alone, and never in place of another.
struct BackupFile {
    let path: String
    private let temporary: String

    init(path: String) throws {
        self.path = AbsolutePath(path, relativeTo: FileManager.default.currentDirectoryPath).string
        temporary = URL(filePath: self.path).deletingLastPathComponent()
            .appending(path: ".gatehouse-backup-" + Random.token(9)).path(percentEncoded: false)
        try refuseExisting()
    }

    /// The temporary file while it is written.
    struct Open {
        let descriptor: Int32
        fileprivate let path: String

        /// Copies the bytes of another file behind what is there.
        func append(contentsOf source: String) throws {
            let input = Glibc.open(source, O_RDONLY | O_CLOEXEC)
            guard input >= 0 else { throw BackupFile.failure("read", source) }
            defer { close(input) }
            var count = 0
            repeat {
                count = sendfile(descriptor, input, nil, 1 << 30)
            } while count > 0 || (count < 0 && errno == EINTR)
            guard count == 0 else { throw BackupFile.failure("write", path) }
        }
    }

    /// Fills the file, makes it durable, gives it its name and returns its size.
    func write(_ fill: (Open) async throws -> Void) async throws -> Int64 {
        let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("create", temporary) }
        defer {
            close(descriptor)
            unlink(temporary)
        }
        try await fill(Open(descriptor: descriptor, path: path))
        guard fsync(descriptor) == 0 else { throw Self.failure("write", path) }
        // A hard link, unlike a rename, refuses to take the place of a file that came up meanwhile.
        guard link(temporary, path) == 0 else {
            try refuseExisting()
            throw Self.failure("create", path)
        }
        try syncFolder()
        return Int64(lseek(descriptor, 0, SEEK_END))
    }

    private func refuseExisting() throws {
        guard access(path, F_OK) != 0 else {
            throw Refusal("\(path) exists already and is not overwritten; name a new file")
        }
    }

    private func syncFolder() throws {
        let folder = Glibc.open(AbsolutePath(path, relativeTo: "/").directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Self.failure("sync", path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Self.failure("sync", path) }
    }

    private static func failure(_ verb: String, _ path: String) -> Refusal {
        Refusal("cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
