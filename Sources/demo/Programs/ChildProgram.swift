import Foundation

/// A program that the demo started and ends again.
final class ChildProgram: Sendable {
    /// What a program wrote and how it ended.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        /// What it said was wrong, as a part of a sentence.
        var complaint: String { errors.trimmingCharacters(in: CharacterSet(charactersIn: " \n.")) }
    }

    private let process: Process
    private let exit: Task<Int32, Never>

    /// Starts a program; whatever it writes goes to the two files.
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

    /// Waits until it ends by itself.
    func end() async -> Int32 { await exit.value }

    /// Asks it to end, and makes it end when it does not listen.
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

    /// A child inherits which signals are blocked, and threads that run tasks block nearly all: it would never hear of
    /// SIGTERM.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    private static func file(_ path: String) throws -> FileHandle {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw StoryFailure(expected: "to write \(path)", found: "it cannot be made")
        }
        return try FileHandle(forWritingTo: URL(filePath: path))
    }

    /// Nothing of the caller's own configuration of Gatehouse gets in.
    private static var inherited: [String: String] {
        ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "LANG", "TMPDIR"].contains($0.key) }
    }
}
