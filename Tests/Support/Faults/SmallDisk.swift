import Foundation

/// A memory disk of a few megabytes, where the system lets us mount one.
package final class SmallDisk {
    /// Where it is mounted.
    package let path: String
    private let folder: TemporaryFolder

    /// Whether this system lets us.
    package static let isPossible: Bool = {
        guard let disk = try? SmallDisk(megabytes: 1) else { return false }
        disk.unmount()
        return true
    }()

    /// Mounts one.
    package init(megabytes: Int) throws {
        folder = try TemporaryFolder()
        path = folder.path
        try Self.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0700", "tmpfs", path])
    }

    /// Takes it away, with all that is on it.
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
