import Glibc

/// The folder of the admin socket, which only the owner, and the group if there is one, can enter.
///
/// Its mode decides who commands the server, so the folder holds the socket and nothing else: a folder that is shared, such
/// as `/run` or `/tmp`, is refused, and never changed.
struct SocketFolder: Sendable {
    private let path: String
    private let socket: String
    private let group: SocketGroup?

    private var name: String {
        String(socket[socket.index(socket.lastIndex(of: "/") ?? socket.startIndex, offsetBy: 1)...])
    }

    init(of socket: String, group: SocketGroup?) {
        let cut = socket.lastIndex(of: "/") ?? socket.startIndex
        path = cut == socket.startIndex ? "/" : String(socket[..<cut])
        self.socket = socket
        self.group = group
    }

    /// Refuses a folder that is not the socket's alone, and a socket at which somebody answers; changes nothing.
    func examine() throws(ListenerError) {
        guard let folder = FolderFacts(path) else { return }
        if let objection = folder.objection(to: name) {
            throw ListenerError(
                "The folder \(path) of the admin socket \(objection), and the socket needs a folder of its own: "
                    + "set 'admin.socket' to \(path == "/" ? "" : path)/gatehouse/\(name), for which Gatehouse makes one."
            )
        }
        switch SocketOccupant(at: socket) {
        case .nobody: break
        case .server:
            throw ListenerError(
                "Another server answers at \(socket): stop it, or give this one an 'admin.socket' of its own.")
        case .file:
            throw ListenerError("\(socket) is there already and is no socket: choose another 'admin.socket'.")
        }
    }

    /// Makes the folder if it is missing, and takes it for this process; its mode is set whatever the umask says.
    func prepare() throws(ListenerError) -> SocketFolderLock {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw ListenerError(
                "The folder \(path) of the admin socket cannot be made (\(String(cString: strerror(errno)))): make it with "
                    + "mode 0700 for the server's user, or choose another 'admin.socket'.")
        }
        // Two servers that start at once both find nobody at the socket: the lock lets one of them go on.
        guard let lock = SocketFolderLock(path) else {
            throw ListenerError(
                "Another server uses the folder \(path) of the admin socket: stop it, or give this one an 'admin.socket' of "
                    + "its own.")
        }
        try examine()
        try restrict(path, mode: group == nil ? 0o700 : 0o750)
        return lock
    }

    /// Sets the mode of the socket itself, which binding made under the umask.
    func open(socket: String) throws(ListenerError) {
        try restrict(socket, mode: group == nil ? 0o600 : 0o660)
    }

    private func restrict(_ path: String, mode: mode_t) throws(ListenerError) {
        // The group changes before the mode: in between, the old group must not gain the new group's rights.
        if let group { try group.own(path) }
        guard chmod(path, mode) == 0 else {
            throw ListenerError("The mode of \(path) cannot be set (\(String(cString: strerror(errno)))).")
        }
    }
}

/// A folder taken by one process; the system gives it back when the process ends, however it ends.
final class SocketFolderLock: Sendable {
    private let descriptor: Int32

    /// Nil when another process has it.
    init?(_ path: String) {
        descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        // What cannot be opened is examined next, and refused with its own sentence.
        guard descriptor >= 0 else { return }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}

/// What a folder that is there already looks like.
struct FolderFacts {
    let isFolder: Bool
    let isOwn: Bool
    let mode: mode_t
    let names: [String]

    init(isFolder: Bool, isOwn: Bool, mode: mode_t, names: [String]) {
        self.isFolder = isFolder
        self.isOwn = isOwn
        self.mode = mode
        self.names = names
    }

    /// Nil when there is nothing at the path.
    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(
            isFolder: status.st_mode & S_IFMT == S_IFDIR, isOwn: status.st_uid == geteuid(),
            mode: status.st_mode & 0o7777, names: Self.names(in: path))
    }

    /// Why the folder cannot be the one of this socket; nil for one that Gatehouse may have made.
    func objection(to socket: String) -> String? {
        guard isFolder else { return "is a link or a file" }
        guard isOwn else { return "belongs to another user" }
        guard mode & (S_ISVTX | 0o027) == 0 else {
            return "is shared with others (mode 0\(String(mode, radix: 8)))"
        }
        return names.first { $0 != socket }.map { "holds other things, such as '\($0)'" }
    }

    private static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Who is at a socket's path. Binding would remove a socket that is there, a living server's too.
enum SocketOccupant {
    /// Nothing, or the socket of a server that is gone.
    case nobody
    /// Somebody who takes connections, or whose socket may not be tried.
    case server
    /// Something else than a socket.
    case file

    init(at path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            self = .nobody
            return
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            self = .file
            return
        }
        switch Self.connect(to: path) {
        case ECONNREFUSED, ENOENT: self = .nobody
        // A server that is busy has no room for a connection (EAGAIN), and lives.
        default: self = .server
        }
    }

    /// What the system says to a connection: 0 when it is taken.
    private static func connect(to path: String) -> Int32 {
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return ENOENT }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return status == 0 ? 0 : errno
    }
}
