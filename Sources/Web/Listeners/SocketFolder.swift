import Glibc

/// The folder of the admin socket, which only its owner and the configured group can enter.
///
/// The mode of the folder decides who can administer the server. So the folder contains nothing but the socket, and a shared
/// folder such as `/run` or `/tmp` is refused and never changed.
struct SocketFolder: Sendable {
    private let path: String
    private let socket: String
    private let data: String?
    private let group: SocketGroup?

    private var name: String {
        String(socket[socket.index(socket.lastIndex(of: "/") ?? socket.startIndex, offsetBy: 1)...])
    }

    /// The folder of this socket; `data` is the data folder, which errors suggest as a safe place.
    init(of socket: String, data: String? = nil, group: SocketGroup?) {
        let cut = socket.lastIndex(of: "/") ?? socket.startIndex
        path = cut == socket.startIndex ? "/" : String(socket[..<cut])
        self.socket = socket
        self.data = data
        self.group = group
    }

    /// Throws if the folder is shared or contains other files, or if another server uses the socket. Changes nothing.
    func examine() throws(ListenerError) {
        guard let folder = FolderStatus(path) else { return }
        try examine(folder)
    }

    private func examine(_ folder: FolderStatus) throws(ListenerError) {
        if let objection = folder.objection(to: name) {
            throw ListenerError(
                "The folder \(path) of the admin socket \(objection), but the socket needs a folder of its own: "
                    + advice(folder))
        }
        switch SocketOccupant(at: socket) {
        case .nobody: break
        case .server:
            throw ListenerError(
                "Another server answers at \(socket): stop it, or set another 'admin.socket' for this one.")
        case .file:
            throw ListenerError("\(socket) exists and is not a socket: choose another 'admin.socket'.")
        }
    }

    /// The place to suggest instead. Other users could create a folder such as `/tmp/gatehouse` first, so a parent that they can
    /// write to is never suggested.
    private func advice(_ folder: FolderStatus) -> String {
        if folder.isSafeToMakeIn {
            return "set 'admin.socket' to \(path == "/" ? "" : path)/gatehouse/\(name); Gatehouse creates that folder."
        }
        guard let data else {
            return "set 'admin.socket' to a path in a folder that only the server's user can write to."
        }
        return "set 'admin.socket' to \(data)/admin/\(name); Gatehouse creates that folder."
    }

    /// Creates the folder if it is missing, locks it for this process, and sets its mode regardless of the umask.
    func prepare() throws(ListenerError) -> LockedSocketFolder {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw ListenerError(
                "The folder \(path) of the admin socket cannot be created (\(String(cString: strerror(errno)))): create it with "
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
        // Two servers that start at once both find no server at the socket. The lock lets only one of them continue.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw ListenerError(
                "Another server uses the folder \(path) of the admin socket: stop it, or set another 'admin.socket' for this "
                    + "one.")
        }
        guard let facts = FolderStatus(open: descriptor) else {
            throw ListenerError("The status of the folder \(path) of the admin socket cannot be read.")
        }
        try examine(facts)
        try folder.restrict(path)
        return folder
    }
}

/// The socket's folder, locked by this process until the process ends.
///
/// All operations use one open descriptor, so that they check, lock and restrict the same folder even if another process renames
/// the path meanwhile.
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

    /// Sets the group and the mode of the folder.
    fileprivate func restrict(_ path: String) throws(ListenerError) {
        // The group changes before the mode, so that the old group never gains the rights of the new one.
        if let group { try group.own(descriptor, called: path) }
        guard fchmod(descriptor, group == nil ? 0o700 : 0o750) == 0 else { throw Self.failure(path) }
    }

    /// Sets the group and the mode of the socket, which bind created under the umask.
    func open() throws(ListenerError) {
        guard isBoundHere else {
            throw ListenerError(
                "The folder of the admin socket \(socket) was replaced while the server started: check which users can "
                    + "write to its parent folder, and start the server again.")
        }
        if let group { try group.own(name, in: descriptor, called: socket) }
        guard fchmodat(descriptor, name, group == nil ? 0o600 : 0o660, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw Self.failure(socket)
        }
    }

    /// Whether bind created the socket in this folder. Bind takes a path, so the result is compared afterwards.
    private var isBoundHere: Bool {
        var (there, here) = (stat(), stat())
        return lstat(socket, &there) == 0 && fstatat(descriptor, name, &here, AT_SYMLINK_NOFOLLOW) == 0
            && there.st_ino == here.st_ino && there.st_dev == here.st_dev && here.st_mode & S_IFMT == S_IFSOCK
    }

    private static func failure(_ path: String) -> ListenerError {
        ListenerError("The mode of \(path) cannot be set (\(String(cString: strerror(errno)))).")
    }
}

/// The owner, mode and content of an existing folder.
struct FolderStatus {
    let isFolder: Bool
    let isOwn: Bool
    /// Whether root owns it.
    let isOwnedByRoot: Bool
    let mode: mode_t
    let names: [String]

    init(isFolder: Bool, isOwn: Bool, isOwnedByRoot: Bool = false, mode: mode_t, names: [String]) {
        self.isFolder = isFolder
        self.isOwn = isOwn
        self.isOwnedByRoot = isOwnedByRoot
        self.mode = mode
        self.names = names
    }

    /// The status of the folder at a path; nil if nothing exists there.
    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status, names: Self.names(in: opendir(path)))
    }

    /// The status of an open folder; nil if the system refuses to read it.
    init?(open descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        // Reading moves an offset that a duplicated descriptor would share, so the folder is opened anew.
        self.init(
            status, names: Self.names(in: fdopendir(openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC))))
    }

    private init(_ status: stat, names: [String]) {
        self.init(
            isFolder: status.st_mode & S_IFMT == S_IFDIR, isOwn: status.st_uid == geteuid(),
            isOwnedByRoot: status.st_uid == 0, mode: status.st_mode & 0o7777, names: names)
    }

    /// Whether only the server's user and root can create a folder in it.
    var isSafeToMakeIn: Bool { isFolder && (isOwn || isOwnedByRoot) && mode & (S_IWGRP | S_IWOTH) == 0 }

    /// The reason for which the folder is unsafe for this socket; nil if it is safe.
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

/// What exists at the path of the socket. Bind would remove an existing socket, even that of a running server.
enum SocketOccupant {
    /// Nothing, or the socket of a server that has ended.
    case nobody
    /// A server that accepts connections, or a socket that this process may not connect to.
    case server
    /// A file that is not a socket.
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
        // EAGAIN means a running server whose backlog is full.
        default: self = .server
        }
    }

    /// The error number of a connection attempt; 0 if the server accepts it.
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
