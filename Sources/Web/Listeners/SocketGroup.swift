import Glibc

/// The group of `admin.group`, whose members may use the admin socket.
package struct SocketGroup: Sendable {
    /// The group's name, as configured.
    package let name: String
    private let id: gid_t

    /// Looks up the group by its name.
    package init(named name: String) throws(ListenerError) {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw ListenerError("The group '\(name)' does not exist: create it, or leave 'admin.group' empty.")
        }
        self.name = name
        id = entry.gr_gid
    }

    /// Sets the group of an open file or folder; errors call it `path`.
    package func own(_ descriptor: Int32, called path: String) throws(ListenerError) {
        try check(fchown(descriptor, uid_t.max, id), path)
    }

    /// Sets the group of the entry with this name in an open folder, without following a link; errors call it `path`.
    func own(_ name: String, in folder: Int32, called path: String) throws(ListenerError) {
        try check(fchownat(folder, name, uid_t.max, id, AT_SYMLINK_NOFOLLOW), path)
    }

    private func check(_ status: Int32, _ path: String) throws(ListenerError) {
        guard status != 0 else { return }
        let cause = String(cString: strerror(errno))
        guard errno == EPERM, !isJoined else {
            throw ListenerError("\(path) cannot be given to the group '\(name)' (\(cause)).")
        }
        let user = Self.userName
        throw ListenerError(
            "The server's user '\(user)' is not a member of the group '\(name)' that 'admin.group' names: "
                + "run 'usermod -aG \(name) \(user)' as root and restart the server.")
    }

    /// Whether this process is a member. A membership that was granted after the process started does not count.
    private var isJoined: Bool {
        var groups = [gid_t](repeating: 0, count: 65_536)
        let count = getgroups(Int32(groups.count), &groups)
        return getegid() == id || groups.prefix(Int(max(count, 0))).contains(id)
    }

    private static var userName: String {
        getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "\(geteuid())"
    }
}
