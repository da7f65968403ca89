import ArgumentParser

/// Runs the server until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            Each flag sets the key of the configuration of the same name, and wins over variable and file. SIGTERM and SIGINT \
            end the server once what is in flight has finished. SIGHUP reads the configuration anew: the TLS files, log.level and \
            clients.metadata_documents.allow, block, private_hosts and max_size change at once; what else differs is named \
            in the log and waits for a restart.
            """)
    @OptionGroup var flags: ConfigurationFlags
    @Flag(help: "Take the machine's clock as right, though the database saw a later time.") var acceptClock = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let (file, flags) = (global.config, self.flags.values)
        try await ServerProcess(acceptsClock: acceptClock) {
            try ServerConfiguration.load(file: file, flags: flags)
        }.run()
    }
}
