import ArgumentParser
import AuthorizationServer
import JOSE

/// `gatehouse db`: the database as a whole.
struct DatabaseCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Create, back up and check the database.",
        subcommands: [Init.self, Backup.self, Check.self])

    struct Init: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Create the database and the keys without starting a server.")
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let configuration = try ServerConfiguration.load(file: global.config)
            let database = try await DirectAccess(configuration).create()
            Presentation(columns: [], json: global.json).show(
                .one(["database": .string(database), "keys": .string(configuration.keys)]))
        }
    }

    struct Backup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backup", abstract: "Back the database up into a new file; works while a server runs.")
        @Argument(help: "File to write; it must not exist.") var file: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let configuration = try ServerConfiguration.load(file: global.config)
            let backup = try OutputFile(path: file)
            let bytes = try await AdministrationRoute(configuration).file(.database(.backup), into: backup)
            let answer: JSONObject = ["file": .string(backup.path), "bytes": .integer(bytes)]
            Presentation(columns: [], json: global.json).show(.one(answer))
        }
    }

    struct Check: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Check all pages and references of the database, and the audit chain.")
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .database(.check) }
    }
}
