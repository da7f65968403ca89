import Foundation

/// A program that the demo starts and stops.
final class ChildProgram: Sendable {
    /// The exit status and the output of a program.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        /// Standard error without its final punctuation, for the middle of a sentence.
        var complaint: String { errors.trimmingCharacters(in: CharacterSet(charactersIn: " \n.")) }
    }

    private let process: Process
    private let exit: Task<Int32, Never>

    /// Starts a program; its output and errors go to two files.
    init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String? = nil,
        output: String, errors: String
    ) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = Self.inherited.merging(environment) { $1 }
        process.standardOutput = try Self.file(output)
        process.standardError = try Self.file(errors)
        let typed = Pipe()
        process.standardInput = typed
        let (statuses, continuation) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { ended in
            continuation.yield(ended.terminationStatus)
            continuation.finish()
        }
        self.process = process
        exit = Task {
            for await status in statuses { return status }
            return -1
        }
        try Self.withoutBlockedSignals { try process.run() }
        try typed.fileHandleForWriting.write(contentsOf: Data((input ?? "").utf8))
        try typed.fileHandleForWriting.close()
    }

    var isRunning: Bool { process.isRunning }

    /// Waits for the exit and returns the status.
    func exitStatus() async -> Int32 { await exit.value }

    /// Sends SIGTERM, and SIGKILL after ten seconds.
    func stop() async {
        guard process.isRunning else { return }
        process.terminate()
        let patience = Task { [process] in
            try await Task.sleep(for: .seconds(10))
            kill(process.processIdentifier, SIGKILL)
        }
        _ = await exit.value
        patience.cancel()
    }

    /// A child inherits the signal mask, and threads that run tasks block nearly all signals: without this, SIGTERM would never
    /// reach it.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    private static func file(_ path: String) throws -> FileHandle {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw StoryFailure(expected: "to write \(path)", found: "the file cannot be created")
        }
        return try FileHandle(forWritingTo: URL(filePath: path))
    }

    /// The environment without the caller's own `GATEHOUSE_*` variables.
    private static var inherited: [String: String] {
        ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "LANG", "TMPDIR"].contains($0.key) }
    }
}
