import ArgumentParser

/// Runs the server until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: "Each flag sets the key of the configuration of the same name, and wins over variable and file.")
    @OptionGroup var flags: ConfigurationFlags
    @Flag(help: "Take the machine's clock as right, though the database saw a later time.") var acceptClock = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config, flags: flags.values)
        try await ServerProcess(configuration, acceptsClock: acceptClock).run()
    }
}
