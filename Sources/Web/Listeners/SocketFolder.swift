import Glibc

/// The folder of the admin socket, which only the owner, and the group if there is one, can enter.
///
/// Its mode decides who commands the server, so the folder holds the socket and nothing else: a folder that is shared, such
/// as `/run` or `/tmp`, is refused, and never changed.
struct SocketFolder: Sendable {
    private let path: String
    private let socket: String
    private let data: String?
    private let group: SocketGroup?

    private var name: String {
        String(socket[socket.index(socket.lastIndex(of: "/") ?? socket.startIndex, offsetBy: 1)...])
    }

    /// `data` is the server's own folder, in which a socket is safe.
    init(of socket: String, data: String? = nil, group: SocketGroup?) {
        let cut = socket.lastIndex(of: "/") ?? socket.startIndex
        path = cut == socket.startIndex ? "/" : String(socket[..<cut])
        self.socket = socket
        self.data = data
        self.group = group
    }

    /// Refuses a folder that is not the socket's alone, and a socket at which somebody answers; changes nothing.
    func examine() throws(ListenerError) {
        guard let folder = FolderStatus(path) else { return }
        try examine(folder)
    }

    private func examine(_ folder: FolderStatus) throws(ListenerError) {
        if let objection = folder.objection(to: name) {
            throw ListenerError(
                "The folder \(path) of the admin socket \(objection), and the socket needs a folder of its own: "
                    + advice(folder))
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

    /// A folder in one that others can write to, such as `/tmp/gatehouse`, could be made by anybody first.
    private func advice(_ folder: FolderStatus) -> String {
        if folder.isSafeToMakeIn {
            return "set 'admin.socket' to \(path == "/" ? "" : path)/gatehouse/\(name), for which Gatehouse makes one."
        }
        guard let data else {
            return "set 'admin.socket' to a path in a folder that only the server's user can write to."
        }
        return "set 'admin.socket' to \(data)/admin/\(name), for which Gatehouse makes one."
    }

    /// Makes the folder if it is missing, and takes it for this process; its mode is set whatever the umask says.
    func prepare() throws(ListenerError) -> LockedSocketFolder {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw ListenerError(
                "The folder \(path) of the admin socket cannot be made (\(String(cString: strerror(errno)))): make it with "
                    + "mode 0700 for the server's user, or choose another 'admin.socket'.")
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            let cause = String(cString: strerror(errno))
            try examine()
            throw ListenerError(
                "The folder \(path) of the admin socket cannot be opened (\(cause)): let the server's user read it, or choose "
                    + "another 'admin.socket'.")
        }
        let folder = LockedSocketFolder(descriptor, socket: socket, name: name, group: group)
        // Two servers that start at once both find nobody at the socket: the lock lets one of them go on.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw ListenerError(
                "Another server uses the folder \(path) of the admin socket: stop it, or give this one an 'admin.socket' of "
                    + "its own.")
        }
        guard let facts = FolderStatus(open: descriptor) else {
            throw ListenerError("The folder \(path) of the admin socket cannot be looked at.")
        }
        try examine(facts)
        try folder.restrict(path)
        return folder
    }
}

/// The socket's folder as one process holds it, until that process ends.
///
/// It is held by a descriptor: what is examined, locked and shut is one and the same folder, whoever renames the path meanwhile.
final class LockedSocketFolder: Sendable {
    private let descriptor: Int32
    private let socket: String
    private let name: String
    private let group: SocketGroup?

    fileprivate init(_ descriptor: Int32, socket: String, name: String, group: SocketGroup?) {
        self.descriptor = descriptor
        self.socket = socket
        self.name = name
        self.group = group
    }

    deinit { close(descriptor) }

    /// Sets the folder's own mode.
    fileprivate func restrict(_ path: String) throws(ListenerError) {
        // The group changes before the mode: in between, the old group must not gain the new group's rights.
        if let group { try group.own(descriptor, called: path) }
        guard fchmod(descriptor, group == nil ? 0o700 : 0o750) == 0 else { throw Self.failure(path) }
    }

    /// Sets the mode of the socket itself, which binding made under the umask.
    func open() throws(ListenerError) {
        guard isBoundHere else {
            throw ListenerError(
                "The folder of the admin socket \(socket) was replaced while the server started: find out who can write to the "
                    + "folder above it, and start the server again.")
        }
        if let group { try group.own(name, in: descriptor, called: socket) }
        guard fchmodat(descriptor, name, group == nil ? 0o600 : 0o660, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw Self.failure(socket)
        }
    }

    /// Binding takes a path, so where it led is compared afterwards.
    private var isBoundHere: Bool {
        var (there, here) = (stat(), stat())
        return lstat(socket, &there) == 0 && fstatat(descriptor, name, &here, AT_SYMLINK_NOFOLLOW) == 0
            && there.st_ino == here.st_ino && there.st_dev == here.st_dev && here.st_mode & S_IFMT == S_IFSOCK
    }

    private static func failure(_ path: String) -> ListenerError {
        ListenerError("The mode of \(path) cannot be set (\(String(cString: strerror(errno)))).")
    }
}

/// What a folder that is there already looks like.
struct FolderStatus {
    let isFolder: Bool
    let isOwn: Bool
    /// Whether it is root's.
    let isRoots: Bool
    let mode: mode_t
    let names: [String]

    init(isFolder: Bool, isOwn: Bool, isRoots: Bool = false, mode: mode_t, names: [String]) {
        self.isFolder = isFolder
        self.isOwn = isOwn
        self.isRoots = isRoots
        self.mode = mode
        self.names = names
    }

    /// Nil when there is nothing at the path.
    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status, names: Self.names(in: opendir(path)))
    }

    /// Of a folder that is open already; nil when the system refuses to look.
    init?(open descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        // Reading moves a place that a copy of the descriptor would share.
        self.init(
            status, names: Self.names(in: fdopendir(openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC))))
    }

    private init(_ status: stat, names: [String]) {
        self.init(
            isFolder: status.st_mode & S_IFMT == S_IFDIR, isOwn: status.st_uid == geteuid(),
            isRoots: status.st_uid == 0, mode: status.st_mode & 0o7777, names: names)
    }

    /// Whether nobody but the server's user or root can put a folder of the advised name into it.
    var isSafeToMakeIn: Bool { isFolder && (isOwn || isRoots) && mode & (S_IWGRP | S_IWOTH) == 0 }

    /// Why the folder cannot be the one of this socket; nil for one that Gatehouse may have made.
    func objection(to socket: String) -> String? {
        guard isFolder else { return "is a link or a file" }
        guard isOwn else { return "belongs to another user" }
        guard mode & (S_ISVTX | 0o027) == 0 else {
            return "is shared with others (mode 0\(String(mode, radix: 8)))"
        }
        return names.first { $0 != socket }.map { "holds other things, such as '\($0)'" }
    }

    private static func names(in folder: OpaquePointer?) -> [String] {
        guard let folder else { return [] }
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
