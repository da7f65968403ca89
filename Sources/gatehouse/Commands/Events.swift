import ArgumentParser
import AuthorizationServer
import Storage

/// Events on their way to MCP servers.
struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "What MCP servers were told, and what still waits to be.",
        subcommands: [List.self, Retry.self])

    static let columns = [
        Column("id"), Column("type", .id), Column("resource", .link), Column("state"), Column("attempts"),
        Column("last_status"), Column("last_error"),
        Column("created_at", .time), Column("next_attempt_at", "NEXT", .time),
    ]

    struct List: ListCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List events, the newest first.")
        @Option(help: "Those for an MCP server, by id or URI.") var resource: String?
        @Option(help: "waiting, delivered or dead.") var state: EventRecord.State?
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Events.columns }

        func request(_ page: PageRequest) -> AdministrationRequest {
            .events(.list(resource: resource, state: state?.rawValue, page: page))
        }
    }

    struct Retry: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Send an event again that did not arrive, with the same id.")
        @Argument(help: "The event's id.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .events(.retry(id)) }
    }
}

extension EventRecord.State: ExpressibleByArgument {}
