package import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Where a test with real processes plays: a folder of its own and the programs it started, all gone afterwards.
package final class Stage: Sendable {
    /// The folder, short enough for a Unix socket's path.
    package let directory: String
    private let children = NIOLockedValueBox<[ChildProcess]>([])

    private init() throws {
        directory = "/tmp/gh-" + String(UInt32.random(in: .min ... .max), radix: 36)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    /// Runs a test and clears up after it however it ends; when it throws, what the programs said is printed.
    ///
    /// Plays do not nest: the inner one could wait for ever for the seat that the outer one has.
    package static func play<Result>(_ test: (Stage) async throws -> Result) async throws -> Result {
        try await seats.taking { try await act(test) }
    }

    private static let seats = Seats(ProcessInfo.processInfo.activeProcessorCount)

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

    /// Starts a program that goes on beside the test and writes to a log in the folder.
    package func start(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], log: String
    ) throws -> ChildProcess {
        let file = try logFile(log)
        let child = try ChildProcess(program, arguments, environment: environment, output: file, errors: file)
        adopt(child)
        return child
    }

    /// Makes the stage end a program when the test is over.
    package func adopt(_ child: ChildProcess) { children.withLockedValue { $0.append(child) } }

    /// An empty log in the folder.
    package func logFile(_ name: String) throws -> FileHandle {
        let path = path("\(name).log")
        try Data().write(to: URL(filePath: path))
        return try FileHandle(forWritingTo: URL(filePath: path))
    }

    /// The place of a file in the folder.
    package func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Writes a file into the folder and gives its path.
    package func write(_ text: String, to name: String) throws -> String {
        let path = path(name)
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    /// What a program has logged so far.
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
