import ArgumentParser
import AuthorizationServer
import JOSE

/// `gatehouse db`: the database as a whole.
struct DatabaseCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Create, back up, restore and check the database.",
        subcommands: [Init.self, DatabaseBackupCommand.self, DatabaseRestoreCommand.self, Check.self])

    struct Init: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Create the database and the keys without starting a server.")
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let configuration = try ServerConfiguration.load(file: global.config)
            let database = try await DirectAccess(configuration).create()
            global.presentation().show(
                .one(["database": .string(database), "keys": .string(configuration.keys)]))
        }
    }

    struct Check: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Check all pages and references of the database, and the audit chain.")
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .database(.check) }
    }
}
