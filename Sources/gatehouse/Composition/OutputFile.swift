import Foundation
import Glibc
import JOSE

/// A file that appears complete or not at all, is private to its owner, and never replaces another file.
struct OutputFile {
    let path: String
    private let temporary: String

    /// How the names of unfinished files begin.
    static let temporaryPrefix = ".gatehouse-backup-"

    init(path: String) throws {
        self.path = AbsolutePath(path, relativeTo: FileManager.default.currentDirectoryPath).string
        temporary = URL(filePath: self.path).deletingLastPathComponent()
            .appending(path: Self.temporaryPrefix + Random.token(9)).path(percentEncoded: false)
        try refuseExisting()
    }

    /// The temporary file while it is written, or standard output.
    struct Open {
        let descriptor: Int32
        fileprivate let path: String

        static let standardOutput = Open(descriptor: STDOUT_FILENO, path: "standard output")

        /// Appends the content of another file.
        func append(contentsOf source: String) throws {
            let input = Glibc.open(source, O_RDONLY | O_CLOEXEC)
            guard input >= 0 else { throw OutputFile.failure("read", source) }
            defer { close(input) }
            var count = 0
            repeat {
                count = sendfile(descriptor, input, nil, 1 << 30)
            } while count > 0 || (count < 0 && errno == EINTR)
            // What a shell opened with '>>' takes no sendfile.
            if count < 0, errno == EINVAL { count = copy(input) }
            guard count == 0 else { throw OutputFile.failure("write", path) }
        }

        /// Appends the rest of an open file piece by piece; returns -1 if that fails, with the reason in `errno`.
        private func copy(_ input: Int32) -> Int {
            var piece = [UInt8](repeating: 0, count: 256 * 1024)
            while case let count = read(input, &piece, piece.count), count != 0 {
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return -1 }
                var written = 0
                while written < count {
                    let step = piece[written..<count].withUnsafeBytes {
                        Glibc.write(descriptor, $0.baseAddress, $0.count)
                    }
                    if step < 0, errno == EINTR { continue }
                    guard step > 0 else { return -1 }
                    written += step
                }
            }
            return 0
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
        CommandError.system(verb, path)
    }
}
