import ArgumentParser
import AuthorizationServer
import JOSE

/// The database and the keys as a whole.
struct DatabaseCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "The database as a whole.", subcommands: [Init.self, Backup.self, Check.self])

    struct Init: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Make the database and the keys, without starting a server.")
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let configuration = try ServerConfiguration.load(file: global.config)
            let made = try await DirectAccess(configuration).create()
            Presentation(columns: [], json: global.json).show(
                .one(["database": .string(made), "keys": .string(configuration.paths.keys)]))
        }
    }

    struct Backup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backup", abstract: "Copy the whole database into a new file, also while a server runs.")
        @Argument(help: "The file to write; it must not exist.") var file: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let configuration = try ServerConfiguration.load(file: global.config)
            let backup = try BackupFile(path: file)
            let bytes = try await AdministrationRoute(configuration).file(.database(.backup), into: backup)
            let answer: JSONObject = ["file": .string(backup.path), "bytes": .integer(bytes)]
            Presentation(columns: [], json: global.json).show(.one(answer))
        }
    }

    struct Check: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Check every page, every reference and the audit chain.")
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .database(.check) }
    }
}
