package import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// The environment of a test with real processes: a folder and the started programs, both removed afterwards.
package final class Stage: Sendable {
    /// The folder, short enough for a Unix socket's path.
    package let directory: String
    private let children = NIOLockedValueBox<[ChildProcess]>([])

    private init() throws {
        directory = "/tmp/gh-" + String(UInt32.random(in: .min ... .max), radix: 36)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    /// Runs a test and cleans up afterwards; when it throws, prints the programs' logs.
    ///
    /// Plays must not nest: the inner one could wait for ever for the slot of the outer one.
    package static func play<Result>(_ test: (Stage) async throws -> Result) async throws -> Result {
        try await limit.run { try await act(test) }
    }

    private static let limit = ConcurrencyLimit(ProcessInfo.processInfo.activeProcessorCount)

    private static func act<Result>(_ test: (Stage) async throws -> Result) async throws -> Result {
        let stage = try Stage()
        do {
            let result = try await test(stage)
            await stage.clear()
            return result
        } catch {
            stage.printLogs()
            await stage.clear()
            throw error
        }
    }

    /// Starts a program that runs during the test and logs to a file in the folder.
    package func start(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], log: String
    ) throws -> ChildProcess {
        let file = try logFile(log)
        let child = try ChildProcess(program, arguments, environment: environment, output: file, errors: file)
        adopt(child)
        return child
    }

    /// Makes the stage stop a program after the test.
    package func adopt(_ child: ChildProcess) { children.withLockedValue { $0.append(child) } }

    /// Creates an empty log file in the folder.
    package func logFile(_ name: String) throws -> FileHandle {
        let path = path("\(name).log")
        try Data().write(to: URL(filePath: path))
        return try FileHandle(forWritingTo: URL(filePath: path))
    }

    /// The path of a file in the folder.
    package func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Writes a file in the folder and returns its path.
    package func write(_ text: String, to name: String) throws -> String {
        let path = path(name)
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    /// The log of a program so far.
    package func log(_ name: String) throws -> String {
        try String(contentsOf: URL(filePath: path("\(name).log")), encoding: .utf8)
    }

    private func clear() async {
        for child in children.withLockedValue({ $0 }).reversed() { await child.stop() }
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func printLogs() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for name in names.sorted() where name.hasSuffix(".log") {
            let text = (try? String(contentsOf: URL(filePath: path(name)), encoding: .utf8)) ?? ""
            guard !text.isEmpty else { continue }
            print("--- \(name)\n\(text.split(separator: "\n").suffix(40).joined(separator: "\n"))")
        }
    }
}
