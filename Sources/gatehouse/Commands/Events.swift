import ArgumentParser
import AuthorizationServer
import Storage

/// `gatehouse events`: events for MCP servers.
struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "List the events for MCP servers, send them again, and verify endpoints.",
        subcommands: [List.self, Retry.self, Verify.self])

    static let columns = [
        Column("id"), Column("type", .id), Column("resource", .link), Column("state"), Column("attempts"),
        Column("last_status"), Column("last_error"),
        Column("created_at", .time), Column("next_attempt_at", "NEXT", .time),
    ]

    struct List: ListCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List events, newest first.")
        @Option(help: "Only events for this MCP server (ID or URI).") var resource: String?
        @Option(help: "Only events in this state.") var state: EventRecord.State?
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Events.columns }

        func request(_ page: PageRequest) -> AdministrationRequest {
            .events(.list(resource: resource, state: state?.rawValue, page: page))
        }
    }

    struct Retry: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Send an undelivered event again, with the same ID.")
        @Argument(help: "Event ID.") var id: String
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .events(.retry(id)) }
    }

    struct Verify: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Send an MCP server a verification event, also to a disabled endpoint.")
        @Argument(help: "MCP server (ID or URI).") var id: String
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .events(.verify(id)) }
    }
}

extension EventRecord.State: ExpressibleByArgument {}
