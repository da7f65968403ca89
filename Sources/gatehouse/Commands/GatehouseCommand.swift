import ArgumentParser

/// The root command. Each noun has its own file, each verb its own type.
struct GatehouseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatehouse",
        abstract: "An OAuth 2.1 authorization server for MCP servers.",
        version: "gatehouse \(BuildVersion.current)",
        subcommands: [
            Serve.self, Ready.self, Users.self, Groups.self, AccessCommand.self, ApplyCommand.self,
            ExportConfigurationCommand.self, Resources.self, Clients.self, Sessions.self,
            Elicitations.self, Jobs.self,
            Events.self, Providers.self, IdentityProviders.self, Connections.self, Keys.self, DatabaseCommands.self,
            Audit.self, Report.self,
            Doctor.self, Templates.self, Dev.self, Call.self,
        ])
}
