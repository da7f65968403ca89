import ArgumentParser
import AuthorizationServer
import Glibc

/// Parses and runs the command line. Exit codes: 0 for success, 1 for a failure with one line on standard error, 2 for a usage
/// error.
@main
enum Main {
    static func main() async {
        // Every file that this process creates is private to its owner.
        umask(0o077)
        // malloc reads the option once, before a second thread allocates.
        Heap.share()
        // A closed pipe shows in the result of the write instead of killing the process.
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

/// Prints an error and chooses the exit code.
struct Failure {
    private let error: any Error

    init(_ error: any Error) {
        self.error = error
    }

    /// Prints the error to standard error, or help to standard output, and returns the exit code.
    func report() -> Int32 {
        if let error = error as? UsageError {
            Terminal.printUsageError("Error: \(error)")
            return 2
        }
        if let warnings = error as? WarningsFound {
            Terminal.printError("\(warnings)")
            return 2
        }
        switch GatehouseCommand.exitCode(for: error) {
        case .success:
            Terminal.print(GatehouseCommand.message(for: error))
            return 0
        case .validationFailure:
            Terminal.printUsageError(GatehouseCommand.fullMessage(for: error))
            return 2
        default:
            Terminal.printError(Sentence.of(error))
            return 1
        }
    }
}
