import Dispatch
import Foundation
import Glibc

/// The program of `mail.command`, which sends one message a run.
///
/// The message goes to its standard input and never into its arguments, which every process of the machine can read. No shell
/// runs, so no text of an account can become a command.
struct MailCommand: Sendable {
    /// The program, as an absolute path, and its arguments.
    let words: [String]

    /// The seconds after which the program is stopped.
    static let patience = 30

    /// Why a message was not sent, as the end of a sentence about the program.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Sends a message, and waits until the program has taken it.
    func send(_ message: MailMessage, patience: Int = Self.patience) throws(Failure) {
        let process = Process()
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        process.environment = Self.environment
        // Its output must not end up in the JSON of this command. Its errors reach the administrator.
        process.standardOutput = FileHandle.nullDevice
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        do {
            // The pipe holds a short message whole, so this process never waits for the program to read.
            let input = Pipe()
            try input.fileHandleForWriting.write(contentsOf: Data(message.text.utf8))
            try input.fileHandleForWriting.close()
            process.standardInput = input
            try process.run()
        } catch {
            throw Failure(description: "could not be started")
        }
        guard ended.wait(timeout: .now() + .seconds(patience)) == .success else {
            // Foundation gives the program a process group of its own. A process that the program left behind could still send the
            // message after this command said that nothing was sent.
            let group = getpgid(process.processIdentifier)
            kill(group == process.processIdentifier ? -group : process.processIdentifier, SIGKILL)
            throw Failure(description: "did not finish within \(patience) s")
        }
        switch (process.terminationReason, process.terminationStatus) {
        case (.exit, 0): return
        case (.exit, let status): throw Failure(description: "ended with status \(status)")
        case (_, let signal): throw Failure(description: "was ended by signal \(signal)")
        }
    }

    /// The environment of the program, without the variables of Gatehouse, which may name secrets.
    private static var environment: [String: String] {
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GATEHOUSE_") }
    }
}
