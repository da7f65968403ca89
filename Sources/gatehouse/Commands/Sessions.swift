import ArgumentParser
import AuthorizationServer
import JOSE

/// Sessions: what people approved, and what still lives of it.
struct Sessions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "What people approved, and what still lives of it.",
        subcommands: [List.self, Show.self, Revoke.self])

    static let columns = [
        Column("id"), Column("user"), Column("client_name", "CLIENT"), Column("resource", .link), Column("state"),
        Column("expires_at", .time), Column("last_used_at", .time), Column("scope"),
    ]

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List sessions, the newest first; idle ones, the longest unused first.")
        @OptionGroup var filters: SessionFilters
        @Option(help: "approved, active, ended or expired.") var state: SessionState?
        @Option(help: "Only sessions that can still be used and were not for so long, such as 7d.")
        var idleFor: DurationArgument?
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Sessions.columns }

        func validate() throws {
            guard idleFor == nil || state != .ended && state != .expired else {
                throw ValidationError("--idle-for is about sessions that can still be used: leave --state out.")
            }
        }

        func request(_ page: PageRequest) -> AdministrationRequest {
            var selection = filters.selection
            selection.state = state?.rawValue
            selection.idleFor = idleFor?.seconds
            return .sessions(.list(selection, page: page))
        }
    }

    struct Show: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Describe a session.")
        @Argument(help: "The session's id.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .sessions(.show(id)) }
    }

    struct Revoke: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "End sessions at once, with their codes and tokens.",
            discussion: """
                Sessions that are named by their ids are ended without a question. Otherwise you are shown how many it will \
                be, and asked; without a terminal to ask on, say --yes. Ended is what matches at that moment, also what was \
                approved since you were asked; what was ended is printed.
                """)
        @Argument(help: "The sessions' ids.") var ids: [String] = []
        @OptionGroup var filters: SessionFilters
        @Flag(help: "Every live session.") var all = false
        @Option(help: "Why, for the audit record.") var reason: String?
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Sessions.columns }

        func validate() throws {
            let ways = ExclusiveOptions([
                ("The id of a session", !ids.isEmpty), (filters.first ?? "", !filters.isEmpty), ("--all", all),
            ])
            guard !ways.isEmpty else {
                throw ValidationError(
                    "Name sessions by their ids, or by --user, --client, --host, --resource, or say --all.")
            }
            try ways.requireOne()
        }

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            var selection = filters.selection
            selection.ids = ids
            if ids.isEmpty, !confirmation.yes { try await confirm(selection, configuration) }
            return .sessions(.revoke(selection, reason: reason))
        }

        /// A person is shown what it will be. A script has nobody to ask, and nobody who would see how many a filter matches.
        private func confirm(_ selection: SessionSelection, _ configuration: ServerConfiguration) async throws {
            var confirmation = Confirmation(
                question: "End all of it?", purpose: all ? "end every session" : "end all that match",
                declined: "Nothing was ended.")
            // Looked at before anything is asked or demanded: what is wrong in a filter is what its author has to hear.
            let preview = try await AdministrationRoute(configuration).send(.sessions(.preview(selection)))
            // The server has the sentence for nothing.
            guard !preview.rows.isEmpty else { return }
            guard Terminal.isInteractive else { throw confirmation.withoutTerminal }
            confirmation.lines = Presentation(columns: columns, json: false).text(preview, width: Terminal.width)
            try confirmation.obtain()
        }
    }
}

/// Whose sessions are meant.
struct SessionFilters: ParsableArguments {
    @Option(help: "Those of a person, by name or subject.") var user: String?
    @Option(help: "Those of a client, by its id.") var client: String?
    @Option(help: "Those of clients whose documents lie on this host, or on those below one ('*.bad.example').")
    var host: String?
    @Option(help: "Those at an MCP server, by id or URI.") var resource: String?

    var isEmpty: Bool { first == nil }
    /// The first of them that is said.
    var first: String? {
        [("--user", user), ("--client", client), ("--host", host), ("--resource", resource)].first { $0.1 != nil }?.0
    }
    var selection: SessionSelection { SessionSelection(user: user, client: client, host: host, resource: resource) }
}

/// The states that a session can be in.
enum SessionState: String, ExpressibleByArgument, CaseIterable {
    case approved
    case active
    case ended
    case expired
}

/// A duration as an argument.
struct DurationArgument: ExpressibleByArgument {
    let seconds: Int64

    init?(argument: String) {
        guard let value = DurationValue(argument) else { return nil }
        seconds = value.seconds
    }
}
