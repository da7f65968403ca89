package import Foundation

/// A program that a test starts; the test's `Stage` stops it.
package final class ChildProcess: Sendable {
    private let process: Process
    private let exit: Task<Int32, Never>

    /// Starts a program with an explicit environment, so that the tests' own configuration does not reach it.
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
        // The child has its own copies. A thousand tests would otherwise keep thousands of open files, and Foundation cannot
        // start a process with more than about 1,300.
        for sink in [output, errors] {
            if let file = sink as? FileHandle, file !== FileHandle.nullDevice { try? file.close() }
        }
    }

    /// A child inherits the signal mask, and threads that run tasks block nearly all signals: without this, SIGTERM would
    /// never reach a child.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    /// A standard stream of a child: a `Pipe` or a `FileHandle`.
    package protocol Sink {}

    /// The process id.
    package var identifier: Int32 { process.processIdentifier }

    /// Whether the process is running.
    package var isRunning: Bool { process.isRunning }

    /// Waits until the program ends by itself and returns its exit status.
    ///
    /// After `deadline` the program is killed and the wait throws: a server that starts although it has to refuse would
    /// otherwise keep its test waiting for ever.
    package func end(within deadline: Duration = .seconds(180)) async throws -> Int32 {
        let watchdog = Task {
            try await Task.sleep(for: deadline)
            kill()
            return true
        }
        let status = await exit.value
        watchdog.cancel()
        guard (try? await watchdog.value) != true else {
            throw StageFailure("\(process.executableURL?.lastPathComponent ?? "a program") still ran after \(deadline)")
        }
        return status
    }

    /// Sends SIGTERM, and SIGKILL after ten seconds.
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

    /// Sends SIGKILL. Unlike a power cut, this preserves what the process has written.
    package func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
    }

    /// Includes the sanitizers' options: a child that reports leaks at its exit would fail a test of its exit code.
    private static let inheritedNames = ["PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "TSAN_OPTIONS"]

    private static var inherited: [String: String] {
        ProcessInfo.processInfo.environment.filter { inheritedNames.contains($0.key) }
    }
}

extension Pipe: ChildProcess.Sink {}
extension FileHandle: ChildProcess.Sink {}
