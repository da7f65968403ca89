import ArgumentParser
import AuthorizationServer

/// The options of every command, before or after its verb.
struct GlobalOptions: ParsableArguments {
    @Option(
        help:
            "Configuration file (default: that of GATEHOUSE_CONFIG, otherwise /etc/gatehouse/gatehouse.yaml if it exists)."
    )
    var config: String?

    @Flag(help: "Print JSON instead of a table; errors are JSON too.")
    var json = false

    @Flag(help: "Print CSV with all fields instead of a table.")
    var csv = false

    @Flag(help: "Print times in UTC instead of their distance from now.")
    var utc = false

    func validate() throws {
        guard !json || !csv else { throw ValidationError("--json and --csv cannot be combined.") }
    }

    /// Prints answers as these options ask.
    func presentation(_ columns: [Column] = []) -> Presentation {
        Presentation(columns: columns, json: json, csv: csv, utc: utc)
    }
}

/// The options that select a page of a list.
struct PageOptions: ParsableArguments {
    @Option(help: "Maximum number of rows, up to 1000 (default: 100).") var limit: Int?
    @Option(help: "Start after this row, as printed at the end of the previous page.") var after: String?
    @Flag(help: "Print the whole list.") var all = false
    @Flag(
        help:
            #"Print one page as JSON: {"items": […], "next": …}. Pass next to --after; null marks the last page."#
    )
    var page = false

    /// The page that the options select, the first one by default.
    var first: PageRequest { PageRequest(limit: limit ?? (all ? PageRequest.most : PageRequest.usual), after: after) }

    func validate() throws {
        guard (1...PageRequest.most).contains(limit ?? 1) else {
            throw ValidationError("--limit must be between 1 and \(PageRequest.most).")
        }
        guard !all || limit == nil && !page else {
            throw ValidationError("--all cannot be combined with --limit or --page.")
        }
    }
}

/// Moves `--config`, `--json`, `--csv` and `--utc` behind the verb, where ArgumentParser expects them, so that they may also precede it.
enum LeadingOptions {
    private static let flags = ["--json", "--csv", "--utc"]

    static func moved(_ arguments: [String], for root: any ParsableCommand.Type) -> [String] {
        var words: [String] = []
        var options: [String] = []
        var rest = arguments[...]
        var command = root
        while let argument = rest.first {
            if flags.contains(argument) || argument.hasPrefix("--config=") {
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
