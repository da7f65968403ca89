import ArgumentParser
import AuthorizationServer
import Glibc

/// Parses, runs, and ends with 0 (done), 1 (refused, one line says why) or 2 (the command was not understood).
@main
enum Main {
    static func main() async {
        // Whatever this process writes is its owner's alone.
        umask(0o077)
        // Before there is a second thread.
        Heap.share()
        // A reader that went away shows in the write's result, not as a dead process.
        signal(SIGPIPE, SIG_IGN)
        let arguments = LeadingOptions.moved(Array(CommandLine.arguments.dropFirst()), for: GatehouseCommand.self)
        do {
            var command = try GatehouseCommand.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(Failure(error).report())
        }
    }
}

/// How an error ends the process.
struct Failure {
    private let error: any Error

    init(_ error: any Error) {
        self.error = error
    }

    /// Says what is wrong and returns the exit code.
    func report() -> Int32 {
        if let misuse = error as? UsageProblem {
            Terminal.complain("\(misuse)")
            return 2
        }
        switch GatehouseCommand.exitCode(for: error) {
        case .success:
            Terminal.print(GatehouseCommand.message(for: error))
            return 0
        case .validationFailure:
            Terminal.complainAboutUsage(GatehouseCommand.fullMessage(for: error))
            return 2
        default:
            Terminal.complain(ErrorText.of(error))
            return 1
        }
    }
}
