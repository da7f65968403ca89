import ArgumentParser

/// `gatehouse serve`: runs the server until SIGTERM or SIGINT.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            Each flag sets the configuration key of the same name, and takes precedence over the environment variable and the \
            file.

            SIGTERM and SIGINT stop the server after requests in flight have finished. SIGHUP reloads the configuration: the \
            TLS files, log.level and clients.metadata_documents.allow, block, private_hosts and max_size change at once. The \
            log names every other changed key; those require a restart.
            """)
    @OptionGroup var flags: ConfigurationFlags
    @Flag(help: "Accept the system clock although the database has recorded a later time.") var acceptClock = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let (file, flags) = (global.config, self.flags.values)
        try await ServerProcess(acceptsClock: acceptClock) {
            try ServerConfiguration.load(file: file, flags: flags)
        }.run()
    }
}
