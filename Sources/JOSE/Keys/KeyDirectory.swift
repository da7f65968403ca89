import Glibc

/// A directory that only its owner can enter, with files that only their owner can read.
///
/// Every file appears whole or not at all: it is written beside its place, flushed, and renamed into it.
struct KeyDirectory: Sendable {
    /// The suffix of files that are not complete yet.
    static let draft = ".draft"

    /// The absolute path, for messages.
    let path: String

    /// Opens the directory; with `create` a missing one is made with mode 0700.
    init(_ path: String, create: Bool) throws(KeyRingError) {
        self.path = Self.absolute(path)
        var information = stat()
        if stat(self.path, &information) != 0 {
            guard errno == ENOENT else { throw Self.failure("The keys directory \(self.path) cannot be examined") }
            guard create else {
                throw KeyRingError("The keys directory \(self.path) was not found: restore it from its backup.")
            }
            guard mkdir(self.path, 0o700) == 0, stat(self.path, &information) == 0 else {
                throw Self.failure("The keys directory \(self.path) cannot be made")
            }
        }
        guard information.st_mode & S_IFMT == S_IFDIR else {
            throw KeyRingError("\(self.path) is not a directory: move it away or configure another keys directory.")
        }
        guard information.st_uid == geteuid() else {
            throw KeyRingError(
                "The keys directory " + CustodyAdvice.foreign(self.path, owner: information.st_uid, key: "keys"))
        }
    }

    /// Whether there is anything at the path.
    static func exists(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0
    }

    /// Sets the mode to 0700.
    func shut() throws(KeyRingError) {
        guard chmod(path, 0o700) == 0 else {
            throw Self.failure("The keys directory \(path) cannot be closed to other users")
        }
    }

    /// Throws if other users can enter.
    func requireShut() throws(KeyRingError) {
        var information = stat()
        guard stat(path, &information) == 0 else { throw Self.failure("The keys directory \(path) cannot be examined") }
        guard information.st_mode & 0o077 == 0 else {
            let advice = CustodyAdvice.shut(
                path, mode: information.st_mode, key: "keys", names: (try? names()) ?? [], isOurs: Self.isOurs)
            throw KeyRingError("The keys directory " + advice)
        }
    }

    /// Whether an entry may be in a key directory: a key, whose name starts with its purpose, a hidden file, or one of
    /// Gatehouse's own.
    private static func isOurs(_ name: String) -> Bool {
        let purposes = KeyRing.SigningPurpose.allCases.map(\.rawValue) + KeyRing.SecretPurpose.allCases.map(\.rawValue)
        return name.hasPrefix(".")
            || ["README.md", KeyIndex.file, KeyRing.checkpointsFile, "lost+found"].contains(name)
            || purposes.contains { name.hasPrefix($0 + "-") }
    }

    /// The names of the entries.
    func names() throws(KeyRingError) -> Set<String> {
        guard let directory = opendir(path) else { throw Self.failure("The keys directory \(path) cannot be read") }
        defer { closedir(directory) }
        var names: Set<String> = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            names.insert(name)
        }
        return names.subtracting([".", ".."])
    }

    /// Reads a file up to `limit` bytes; throws if other users can read it.
    func read(_ name: String, limit: Int = 256 * 1024) throws(KeyRingError) -> [UInt8] {
        let file = path + "/" + name
        let descriptor = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw Self.failure("The key file \(file) cannot be opened") }
            throw KeyRingError("The key file \(file) is missing: restore it from the backup of the keys directory.")
        }
        defer { close(descriptor) }
        // Checked on the open descriptor: a file could be swapped between a check by path and the opening.
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw KeyRingError("\(file) is not a plain file: restore it from the backup of the keys directory.")
        }
        guard information.st_uid == geteuid() else {
            throw KeyRingError("The key file " + CustodyAdvice.foreign(file, owner: information.st_uid, key: "keys"))
        }
        guard information.st_mode & 0o077 == 0 else {
            throw KeyRingError("The key file \(file) is open to other users: run chmod 600 on it and rotate the key.")
        }
        var bytes = [UInt8](repeating: 0, count: min(limit, Int(information.st_size)))
        var filled = 0
        while filled < bytes.count {
            let count = bytes[filled...].withUnsafeMutableBytes { readBytes(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("The key file \(file) cannot be read") }
            if count == 0 { break }
            filled += count
        }
        return Array(bytes[..<filled])
    }

    /// Writes a file atomically and durably.
    func write(_ name: String, _ bytes: [UInt8]) throws(KeyRingError) {
        let file = path + "/" + name
        let draft = path + "/." + name + Self.draft
        // The draft of an attempt that was killed would make O_EXCL fail.
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("The key file \(file) cannot be made") }
        let isWhole = Self.write(bytes, to: descriptor)
        // The bytes are synced before the rename: after a power cut the name must not show an empty file.
        guard close(descriptor) == 0, isWhole, rename(draft, file) == 0 else {
            let error = Self.failure("The key file \(file) cannot be written")
            unlink(draft)
            throw error
        }
        try flush()
    }

    /// Removes files; missing ones are ignored.
    func remove(_ names: some Sequence<String>) throws(KeyRingError) {
        for name in names where unlink(path + "/" + name) != 0 && errno != ENOENT {
            throw Self.failure("The key file \(path)/\(name) cannot be removed")
        }
        try flush()
    }

    /// Syncs the directory, so that created and removed names survive a power cut.
    private func flush() throws(KeyRingError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("The keys directory \(path) cannot be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("The keys directory \(path) cannot be flushed") }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { writeBytes(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return fsync(descriptor) == 0
    }

    private static func failure(_ what: String) -> KeyRingError {
        KeyRingError("\(what): \(String(cString: strerror(errno))).")
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return String(cString: current) + "/" + path
    }
}

// The type's own `read` and `write` hide the system's.
private let readBytes: @Sendable (Int32, UnsafeMutableRawPointer?, Int) -> Int = { read($0, $1, $2) }
private let writeBytes: @Sendable (Int32, UnsafeRawPointer?, Int) -> Int = { write($0, $1, $2) }
