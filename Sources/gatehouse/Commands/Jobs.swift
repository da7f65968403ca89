import ArgumentParser
import AuthorizationServer
import Storage

/// Work that MCP servers go on with in people's names when the client is gone.
struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Work that MCP servers go on with when the client is gone.",
        subcommands: [List.self, Show.self, End.self])

    static let columns = [
        Column("id"), Column("user"), Column("resource", .link), Column("state"), Column("actions"),
        Column("created_at", .time), Column("expires_at", .time), Column("purpose"),
    ]

    struct List: ListCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List jobs, the newest first.")
        @Option(help: "Those of a person, by name or subject.") var user: String?
        @Option(help: "Those of an MCP server, by id or URI.") var resource: String?
        @Option(help: "Those of a session, by its id.") var session: String?
        @Option(help: "open or ended.") var state: JobListing.State?
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Jobs.columns }

        func request(_ page: PageRequest) -> AdministrationRequest {
            let selection = JobSelection(user: user, resource: resource, session: session, state: state?.rawValue)
            return .jobs(.list(selection, page: page))
        }
    }

    struct Show: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Describe a job.")
        @Argument(help: "The job's id.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .jobs(.show(id)) }
    }

    struct End: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "end", abstract: "End jobs at once; their MCP servers are denied what they ask for them.")
        @Argument(help: "The jobs' ids.") var ids: [String]
        @Option(help: "Why, for the audit record.") var reason: String?
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Jobs.columns }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .jobs(.end(ids, reason: reason))
        }
    }
}

extension JobListing.State: ExpressibleByArgument {}
