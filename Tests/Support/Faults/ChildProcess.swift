package import Foundation

/// A program that a test started; the test's `Stage` ends it.
package final class ChildProcess: Sendable {
    private let process: Process
    private let exit: Task<Int32, Never>

    /// Starts a program with what it inherits spelled out: nothing of the tests' own configuration leaks into it.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: (any Sink)? = nil,
        output: any Sink, errors: any Sink
    ) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = Self.inherited.merging(environment) { $1 }
        process.standardInput = input ?? FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
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
        // The child has its own. A thousand tests would keep thousands of these, and Foundation cannot start a process
        // beside more than about 1,300 open files.
        for sink in [output, errors] {
            if let file = sink as? FileHandle, file !== FileHandle.nullDevice { try? file.close() }
        }
    }

    /// A child inherits which signals are blocked, and on the threads that run tasks nearly all of them are: without
    /// this no child would ever hear of SIGTERM.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    /// What a child may be given to write to or to read from: a `Pipe` or a `FileHandle`.
    package protocol Sink {}

    /// The number that the system knows it by.
    package var identifier: Int32 { process.processIdentifier }

    /// Whether it still runs.
    package var isRunning: Bool { process.isRunning }

    /// Waits for it to end by itself and gives its exit status.
    package func end() async -> Int32 { await exit.value }

    /// Ends it: politely at first, for good when it does not listen.
    package func stop() async {
        guard process.isRunning else { return }
        process.terminate()
        let patience = Task {
            try await Task.sleep(for: .seconds(10))
            kill()
        }
        _ = await exit.value
        patience.cancel()
    }

    /// Ends it at once; what it has written stays, which it would not at a power cut.
    package func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
    }

    /// The sanitizers' options as well: a child that reports leaks at its exit fails a test of its exit code.
    private static let inheritedNames = ["PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "TSAN_OPTIONS"]

    private static var inherited: [String: String] {
        ProcessInfo.processInfo.environment.filter { inheritedNames.contains($0.key) }
    }
}

extension Pipe: ChildProcess.Sink {}
extension FileHandle: ChildProcess.Sink {}
