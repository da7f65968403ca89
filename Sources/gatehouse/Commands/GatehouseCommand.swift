import ArgumentParser

/// The command line: each noun in a file of its own, each verb a type.
struct GatehouseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatehouse",
        abstract: "The authorization server that MCP servers delegate to.",
        subcommands: [
            Serve.self, Users.self, Resources.self, Clients.self, Sessions.self, Elicitations.self, Jobs.self,
            Events.self, Providers.self, Connections.self, Keys.self, DatabaseCommands.self, Audit.self, Report.self,
            Doctor.self,
        ])
}
