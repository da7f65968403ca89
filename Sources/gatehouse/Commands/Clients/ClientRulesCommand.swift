import ArgumentParser
import AuthorizationServer

/// `gatehouse clients rules`: the rules that `clients allow` and `clients block` set.
struct ClientRulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules", abstract: "List and remove the rules set by 'clients allow' and 'clients block'.",
        subcommands: [List.self, Remove.self])

    static let columns = [Column("name"), Column("about"), Column("rule"), Column("created_at", .time)]

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the rules about clients and hosts.")
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { ClientRulesCommand.columns }

        func request(_ page: PageRequest) -> AdministrationRequest { .clients(.rules(page)) }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Remove the rule about a client or a host; the configuration applies again.")
        @Argument(help: "Name of the rule, as printed by 'clients rules list'.") var name: String
        @Option(help: "Reason, for the audit trail.") var reason: String?
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { ClientRulesCommand.columns }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .clients(.removeRule(name, reason: reason))
        }
    }
}
