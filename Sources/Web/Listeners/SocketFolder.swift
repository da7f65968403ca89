import Glibc

/// The group that may use the admin socket.
struct SocketGroup: Sendable {
    let name: String
    let id: gid_t

    init(named name: String) throws(ListenerError) {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw ListenerError("The group '\(name)' does not exist: create it or leave 'admin.group' empty.")
        }
        self.name = name
        id = entry.gr_gid
    }
}

/// The folder of the admin socket, which only the owner, and the group if there is one, can enter.
struct SocketFolder: Sendable {
    private let path: String
    private let group: SocketGroup?

    init(of socket: String, group: SocketGroup?) {
        let cut = socket.lastIndex(of: "/") ?? socket.startIndex
        path = cut == socket.startIndex ? "/" : String(socket[..<cut])
        self.group = group
    }

    /// Makes the folder if it is missing and sets its mode whatever the umask says.
    func prepare() throws(ListenerError) {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            throw failed("made", path)
        }
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
            throw ListenerError("The folder \(path) of the admin socket belongs to somebody else: choose another.")
        }
        try restrict(path, mode: group == nil ? 0o700 : 0o750)
    }

    /// Sets the mode of the socket itself, which binding made under the umask.
    func open(socket: String) throws(ListenerError) {
        try restrict(socket, mode: group == nil ? 0o600 : 0o660)
    }

    private func restrict(_ path: String, mode: mode_t) throws(ListenerError) {
        // The owner changes before the mode: in between, the old group must not gain the new group's rights.
        if let group, chown(path, uid_t.max, group.id) != 0 {
            throw failed("given to the group '\(group.name)'", path)
        }
        guard chmod(path, mode) == 0 else { throw failed("restricted", path) }
    }

    private func failed(_ what: String, _ path: String) -> ListenerError {
        ListenerError(
            "\(path) cannot be \(what) (\(String(cString: strerror(errno)))): let the server's user own its folder.")
    }
}
