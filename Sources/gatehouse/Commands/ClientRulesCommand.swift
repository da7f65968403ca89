import ArgumentParser
import AuthorizationServer

/// What `clients allow` and `clients block` decided, and the way back to the configuration.
struct ClientRulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "What 'clients allow' and 'clients block' decided.",
        subcommands: [List.self, Remove.self])

    static let columns = [Column("name"), Column("about"), Column("rule"), Column("created_at", .time)]

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the rules about clients and about hosts.")
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { ClientRulesCommand.columns }

        func request(_ page: PageRequest) -> AdministrationRequest { .clients(.rules(page)) }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Forget what was decided about a client or a host; the configuration decides again.")
        @Argument(help: "The name of the rule, as 'clients rules list' has it.") var name: String
        @Option(help: "Why, for the audit record.") var reason: String?
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { ClientRulesCommand.columns }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .clients(.removeRule(name, reason: reason))
        }
    }
}
