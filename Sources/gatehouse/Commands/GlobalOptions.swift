import ArgumentParser
import AuthorizationServer

/// What every command takes, before or after its verb.
struct GlobalOptions: ParsableArguments {
    @Option(help: "The configuration file; without one, variables and defaults hold.")
    var config: String?

    @Flag(help: "Print JSON instead of a table.")
    var json = false
}

/// Which piece of a list is asked for.
struct PageOptions: ParsableArguments {
    @Option(help: "How many rows at most, up to 1000 (default: 100).") var limit: Int?
    @Option(help: "Go on behind this row, as the end of the piece before says.") var after: String?
    @Flag(help: "The whole list, however long it is.") var all = false
    @Flag(
        help:
            #"Print one page as JSON with its place: {"items": […], "next": …}; next goes to --after, null is the end."#
    )
    var page = false

    /// The first page, or the one that is named.
    var first: PageRequest { PageRequest(limit: limit ?? (all ? PageRequest.most : PageRequest.usual), after: after) }

    func validate() throws {
        guard (1...PageRequest.most).contains(limit ?? 1) else {
            throw ValidationError("--limit must be from 1 to \(PageRequest.most).")
        }
        guard !all || limit == nil && !page else {
            throw ValidationError("--all is the whole list: leave --limit and --page out.")
        }
    }
}

/// Lets `--config` and `--json` stand before the verb too, by moving them behind it.
enum LeadingOptions {
    static func moved(_ arguments: [String], for root: any ParsableCommand.Type) -> [String] {
        var words: [String] = []
        var options: [String] = []
        var rest = arguments[...]
        var command = root
        while let argument = rest.first {
            if argument == "--json" || argument.hasPrefix("--config=") {
                options.append(argument)
            } else if argument == "--config", rest.count > 1 {
                options.append(argument)
                rest.removeFirst()
                options.append(rest[rest.startIndex])
            } else if let next = subcommand(of: command, named: argument) {
                words.append(argument)
                command = next
            } else {
                break
            }
            rest.removeFirst()
        }
        return words + options + rest
    }

    private static func subcommand(
        of command: any ParsableCommand.Type, named name: String
    ) -> (any ParsableCommand.Type)? {
        command.configuration.subcommands.first { $0.configuration.commandName == name }
    }
}
