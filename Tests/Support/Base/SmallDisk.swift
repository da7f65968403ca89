import Foundation

/// A tmpfs of a few megabytes, for systems that permit mounting one.
package final class SmallDisk {
    /// The mount point.
    package let path: String
    private let folder: TemporaryFolder

    /// Whether this system permits mounting a tmpfs.
    package static let isPossible: Bool = {
        guard let disk = try? SmallDisk(megabytes: 1) else { return false }
        disk.unmount()
        return true
    }()

    /// Mounts a tmpfs.
    package init(megabytes: Int) throws {
        folder = try TemporaryFolder()
        path = folder.path
        try Self.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "tmpfs", path])
    }

    /// Unmounts it and discards its content.
    package func unmount() { try? Self.run("/usr/bin/umount", ["-l", path]) }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw StageFailure("\(program) was refused") }
    }
}
