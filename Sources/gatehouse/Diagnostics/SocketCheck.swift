import AuthorizationServer

/// Whether the command line's socket lets in those who are meant, and nobody else.
struct SocketCheck {
    private let configuration: ServerConfiguration
    private let isServed: Bool

    init(_ configuration: ServerConfiguration, isServed: Bool) {
        self.configuration = configuration
        self.isServed = isServed
    }

    var findings: [Finding] {
        let path = configuration.paths.adminSocket
        let folder = FileStatus.folder(of: path)
        guard let socket = FileStatus(path), let place = FileStatus(folder) else {
            return isServed
                ? [Finding("admin socket", .problem, "\(path) is gone while the server runs; restart it.")] : []
        }
        let group: (socket: UInt32, folder: UInt32) = configuration.adminGroup == nil ? (0, 0) : (0o060, 0o050)
        for (what, facts, allowed) in [(path, socket, group.socket), (folder, place, group.folder)] {
            guard facts.isOwn else {
                return [
                    Finding(
                        "admin socket", .problem,
                        "\(what) belongs to another user; set 'admin.socket' to a path in a folder of its own, which the "
                            + "server makes when it starts.")
                ]
            }
            guard facts.mode & 0o077 & ~allowed == 0 else {
                return [
                    Finding(
                        "admin socket", .problem,
                        "\(what) is open to others (mode \(facts.octal)), who could command the server; restart it, which sets "
                            + "the mode or says why it cannot.")
                ]
            }
        }
        let who = configuration.adminGroup.map { "its user and the group '\($0)'" } ?? "its user alone"
        return [Finding("admin socket", .ok, "\(path) is for \(who).")]
    }
}
