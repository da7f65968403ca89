import ArgumentParser
import AuthorizationServer

/// Keys that sign and seal.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Keys that sign and seal.", subcommands: [List.self, Rotate.self])

    static let columns = [
        Column("id"), Column("purpose"), Column("kind"), Column("state"), Column("active_from", .time),
        Column("retires_at", .time),
    ]

    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the keys, never what is in them.")
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Keys.columns }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .keys(.list) }
    }

    struct Rotate: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Make new keys; a signing key is published at once and used an hour later.")
        @Argument(help: "The purpose, as 'keys list' names it; without one, the key that signs tokens.")
        var purpose: String?
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { Keys.columns }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .keys(.rotate(purpose: purpose)) }
    }
}
