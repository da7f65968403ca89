import ArgumentParser
import AuthorizationServer
import Storage

/// `gatehouse jobs`: work that MCP servers continue for users without a client.
struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "List, inspect and cancel jobs, which MCP servers continue without a client.",
        subcommands: [List.self, Show.self, Cancel.self, FormerEnd.self])

    static let columns = [
        Column("id"), Column("user"), Column("resource", .link), Column("state"), Column("actions"),
        Column("created_at", .time), Column("expires_at", .time), Column("purpose"),
    ]

    struct List: ListCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List jobs, newest first.")
        @Option(help: "Only jobs of this user (name or subject).") var user: String?
        @Option(help: "Only jobs of this MCP server (ID or URI).") var resource: String?
        @Option(help: "Only jobs of this session (ID).") var session: String?
        @Option(help: "Only jobs in this state.") var state: JobListing.State?
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Jobs.columns }

        func request(_ page: PageRequest) -> AdministrationRequest {
            let selection = JobSelection(user: user, resource: resource, session: session, state: state?.rawValue)
            return .jobs(.list(selection, page: page))
        }
    }

    struct Show: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a job.")
        @Argument(help: "Job ID.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .jobs(.show(id)) }
    }

    struct Cancel: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel", abstract: "Cancel jobs; their MCP servers are denied every further action.")
        @OptionGroup var jobs: JobCancellation
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Jobs.columns }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { jobs.request }
    }

    /// The former spelling of `jobs cancel`, kept for one version.
    struct FormerEnd: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "end", shouldDisplay: false)
        @OptionGroup var jobs: JobCancellation
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Jobs.columns }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { jobs.request }
    }
}

/// The jobs to cancel, and why.
struct JobCancellation: ParsableArguments {
    @Argument(help: "Job IDs.") var ids: [String]
    @Option(help: "Reason, for the audit trail.") var reason: String?

    var request: AdministrationRequest { .jobs(.end(ids, reason: reason)) }
}

extension JobListing.State: ExpressibleByArgument {}
