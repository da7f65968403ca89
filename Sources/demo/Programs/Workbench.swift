import Foundation
import Synchronization

/// The folder and the programs of one run; `clear` removes both.
final class Workbench: Sendable {
    let folder: String
    private let children = Mutex<[ChildProgram]>([])
    private let runs = Mutex(0)

    init() throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "gatehouse-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        folder = place.path
    }

    /// The path of a file in the folder.
    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Writes a file in the folder and returns its path.
    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
        return path(name)
    }

    /// The path of a program that was built together with the demo.
    static func sibling(_ name: String) throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(filePath: own).deletingLastPathComponent().appending(path: name).path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw StoryFailure(
                expected: "the program \(name) beside this one", found: "it is not built; run `swift build`")
        }
        return path
    }

    /// Starts a program that runs until the demo ends.
    func start(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], log: String
    ) throws -> ChildProgram {
        let child = try ChildProgram(
            program, arguments, environment: environment, output: path("\(log).out"), errors: path("\(log).log"))
        children.withLock { $0.append(child) }
        return child
    }

    /// Runs a program and waits for its exit.
    func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String? = nil
    ) async throws -> ChildProgram.Outcome {
        let number = runs.withLock { count in
            count += 1
            return count
        }
        let (output, errors) = (path("run-\(number).out"), path("run-\(number).err"))
        let child = try ChildProgram(
            program, arguments, environment: environment, input: input, output: output, errors: errors)
        let status = await child.exitStatus()
        return ChildProgram.Outcome(
            status: status, output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }

    /// The last lines of a program's log, for an error message.
    func endOfLog(_ log: String) -> String {
        self.log(log).split(separator: "\n").suffix(8).joined(separator: "\n")
    }

    /// The log of a program so far.
    func log(_ log: String) -> String {
        (try? String(contentsOfFile: path("\(log).log"), encoding: .utf8)) ?? ""
    }

    /// Stops all programs, the last one first, and removes the folder.
    func clear() async {
        for child in children.withLock({ $0 }).reversed() { await child.stop() }
        try? FileManager.default.removeItem(atPath: folder)
    }
}
