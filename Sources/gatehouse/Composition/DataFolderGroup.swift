import Glibc
import Web

/// The group and mode of the data directory: the admin group may pass through it to the socket, and cannot list it.
struct DataFolderGroup {
    private let folder: String
    private let group: String?

    init(_ configuration: ServerConfiguration) {
        folder = configuration.data
        let isBeneath = configuration.adminSocket.hasPrefix(configuration.data + "/")
        group = isBeneath ? configuration.adminGroup : nil
    }

    /// Sets group and mode. The folder is opened first, so that a symbolic link put in its place cannot redirect either change.
    func apply() throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure }
        defer { close(descriptor) }
        if let group { try SocketGroup(named: group).own(descriptor, called: folder) }
        guard fchmod(descriptor, group == nil ? 0o700 : 0o710) == 0 else { throw failure }
    }

    private var failure: CommandError {
        CommandError("Cannot set the mode of \(folder): \(String(cString: strerror(errno))).")
    }
}
