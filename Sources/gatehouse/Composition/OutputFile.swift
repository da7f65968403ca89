import Foundation
import Glibc
import JOSE

/// A file that appears complete or not at all, is private to its owner, and never replaces another file.
struct OutputFile {
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

        /// Appends the content of another file.
        func append(contentsOf source: String) throws {
            let input = Glibc.open(source, O_RDONLY | O_CLOEXEC)
            guard input >= 0 else { throw OutputFile.failure("read", source) }
            defer { close(input) }
            var count = 0
            repeat {
                count = sendfile(descriptor, input, nil, 1 << 30)
            } while count > 0 || (count < 0 && errno == EINTR)
            guard count == 0 else { throw OutputFile.failure("write", path) }
        }
    }

    /// Fills the file, syncs it to the disk, gives it its name and returns its size in bytes.
    func write(_ fill: (Open) async throws -> Void) async throws -> Int64 {
        let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("create", temporary) }
        defer {
            close(descriptor)
            unlink(temporary)
        }
        try await fill(Open(descriptor: descriptor, path: path))
        guard fsync(descriptor) == 0 else { throw Self.failure("write", path) }
        // A hard link, unlike a rename, fails if the name was taken in the meantime.
        guard link(temporary, path) == 0 else {
            try refuseExisting()
            throw Self.failure("create", path)
        }
        try syncFolder()
        return Int64(lseek(descriptor, 0, SEEK_END))
    }

    private func refuseExisting() throws {
        guard access(path, F_OK) != 0 else {
            throw CommandError("\(path) already exists and is not overwritten. Give the name of a new file.")
        }
    }

    private func syncFolder() throws {
        let folder = Glibc.open(AbsolutePath(path, relativeTo: "/").directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Self.failure("sync", path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Self.failure("sync", path) }
    }

    private static func failure(_ verb: String, _ path: String) -> CommandError {
        CommandError("Cannot \(verb) \(path): \(String(cString: strerror(errno))).")
    }
}
