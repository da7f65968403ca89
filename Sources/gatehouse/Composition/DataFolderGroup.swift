import Glibc
import Web

/// Lets the admin group pass through the data directory to the socket beneath it, and nobody look into it.
struct DataFolderGroup {
    private let folder: String
    private let group: String?

    init(_ configuration: ServerConfiguration) {
        folder = configuration.paths.data
        let isBeneath = configuration.paths.adminSocket.hasPrefix(configuration.paths.data + "/")
        group = isBeneath ? configuration.adminGroup : nil
    }

    /// Sets group and mode explicitly, whatever was there before. The folder is opened first, so that both are set on one and the
    /// same, and never on what a link leads to.
    func apply() throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure }
        defer { close(descriptor) }
        if let group { try SocketGroup(named: group).own(descriptor, called: folder) }
        guard fchmod(descriptor, group == nil ? 0o700 : 0o710) == 0 else { throw failure }
    }

    private var failure: Refusal { Refusal("cannot set the mode of \(folder): \(String(cString: strerror(errno)))") }
}
