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

    /// Sets group and mode explicitly, whatever was there before.
    func apply() throws {
        guard let group else { return try restrict(to: 0o700) }
        try SocketGroup(named: group).own(folder)
        try restrict(to: 0o710)
    }

    private func restrict(to mode: mode_t) throws {
        guard chmod(folder, mode) == 0 else {
            throw Refusal("cannot set the mode of \(folder): \(String(cString: strerror(errno)))")
        }
    }
}
