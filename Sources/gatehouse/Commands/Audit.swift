import ArgumentParser
import AuthorizationServer

/// What happened, in a chain that cannot be edited unseen.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "What happened, in a chain that cannot be edited unseen.",
        subcommands: [Tail.self, Verify.self])

    struct Tail: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "tail", abstract: "Show the last records.")
        @Option(name: [.short, .long], help: "How many records.") var count = 20
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("sequence", "#"), Column("at", .time), Column("action"), Column("outcome"), Column("actor"),
                Column("user"), Column("client_id", "CLIENT"), Column("session"), Column("reason"),
            ]
        }

        func validate() throws {
            guard (1...10_000).contains(count) else { throw ValidationError("--count must be from 1 to 10000.") }
        }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .audit(.tail(count: count)) }
    }

    struct Verify: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Recompute the chain from its first record to its last.")
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .audit(.verify) }
    }
}
