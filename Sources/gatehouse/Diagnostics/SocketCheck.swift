import AuthorizationServer

/// Checks that only the server's user, and the admin group if there is one, can use the admin socket.
struct SocketCheck {
    private let configuration: ServerConfiguration
    private let isServed: Bool

    init(_ configuration: ServerConfiguration, isServed: Bool) {
        self.configuration = configuration
        self.isServed = isServed
    }

    var findings: [Finding] {
        let path = configuration.adminSocket
        let folder = FileStatus.folder(of: path)
        guard let socket = FileStatus(path), let parent = FileStatus(folder) else {
            return isServed
                ? [Finding("admin socket", .problem, "\(path) is missing while the server runs. Restart the server.")]
                : []
        }
        let groupMode: (socket: UInt32, folder: UInt32) = configuration.adminGroup == nil ? (0, 0) : (0o060, 0o050)
        for (name, status, allowed) in [(path, socket, groupMode.socket), (folder, parent, groupMode.folder)] {
            guard status.isOwn else {
                return [
                    Finding(
                        "admin socket", .problem,
                        "\(name) belongs to another user. Set 'admin.socket' to a path in a folder of its own, which the server "
                            + "creates when it starts.")
                ]
            }
            guard status.mode & 0o077 & ~allowed == 0 else {
                return [
                    Finding(
                        "admin socket", .problem,
                        "\(name) is open to other users (mode \(status.octal)), who could administer the server. Restart the "
                            + "server, which sets the mode.")
                ]
            }
        }
        let group =
            configuration.adminGroup.map { "the server's user and the group '\($0)'" } ?? "the server's user only"
        return [Finding("admin socket", .ok, "\(path) is open to \(group).")]
    }
}
