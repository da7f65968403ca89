import ArgumentParser
import AuthorizationServer
import Glibc
import JOSE

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
            exit(Failure(error, isJSON: arguments.contains("--json")).report())
        }
    }
}

/// Prints an error and chooses the exit code.
struct Failure {
    private let error: any Error
    /// Whether the caller reads JSON, errors included.
    private let isJSON: Bool

    init(_ error: any Error, isJSON: Bool = false) {
        self.error = error
        self.isJSON = isJSON
    }

    /// Prints the error to standard error, or help to standard output, and returns the exit code.
    func report() -> Int32 {
        if let error = error as? UsageError {
            if isJSON { printJSON("usage", "\(error)") } else { Terminal.printUsageError("Error: \(error)") }
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
            if isJSON {
                printJSON("usage", GatehouseCommand.message(for: error))
            } else {
                Terminal.printUsageError(GatehouseCommand.fullMessage(for: error))
            }
            return 2
        default:
            if isJSON {
                printJSON((error as? AdministrationError)?.kind.rawValue ?? "failed", Sentence.of(error))
            } else {
                Terminal.printError(Sentence.of(error))
            }
            return 1
        }
    }

    /// Writes the error as one JSON object in one line to standard error.
    private func printJSON(_ kind: String, _ message: String) {
        let error: JSONObject = ["kind": .string(kind), "message": .string(message)]
        Terminal.printNotice(JSON.object(["error": .object(error)]).text)
    }
}
