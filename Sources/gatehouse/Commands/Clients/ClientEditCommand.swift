import ArgumentParser
import AuthorizationServer
import JOSE

/// `gatehouse clients edit`: the name, the redirect URIs and the MCP servers of a registered client.
struct ClientEditCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change name, redirect URIs or MCP servers of a registered client.",
        discussion: """
            Whatever is not given stays unchanged. A removed redirect URI voids the codes and the open pages that use it; live \
            sessions go on. Sessions at an MCP server that is taken from the client are revoked: the command first shows \
            them, and asks.
            """)
    @Argument(help: "Client ID.") var id: String
    @Option(help: "Name shown on the consent page.") var name: String?
    @Option(help: "Redirect URI (repeatable, replaces the list).") var redirectURI: [String] = []
    @Option(help: "MCP server that the client may request access to (repeatable, replaces the list; 'any' for all).")
    var resource: [String] = []
    @Option(help: "Private-use scheme of the client, without its colon (repeatable).") var ownScheme: [String] = []
    @Flag(help: "Show what would change, and change nothing.") var dryRun = false
    @OptionGroup var revocation: RevocationOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard name != nil || !redirectURI.isEmpty || !resource.isEmpty else {
            throw ValidationError("Missing what to change: --name, --redirect-uri or --resource.")
        }
    }

    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
        let change = ClientChange(
            name: name, redirectURIs: redirectURI.isEmpty ? nil : redirectURI.filter { !$0.isEmpty },
            resources: resource.isEmpty ? nil : resource == ["any"] ? [] : resource, ownSchemes: ownScheme)
        let request = AdministrationRequest.clients(.edit(id, change, reason: revocation.reason, isDryRun: dryRun))
        if !dryRun { try await revocation.confirm(request, to: "change the client '\(id)'", configuration) }
        return request
    }

    func displayed(_ row: JSONObject) -> JSONObject { ChangeLines.displayed(row) }
}

/// `gatehouse clients rotate-secret`: a new secret for a registered client.
struct ClientSecretCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-secret",
        abstract: "Create a new secret for a client; the old secret becomes invalid at once, or after --overlap.")
    @Argument(help: "Client ID.") var id: String
    @Option(help: "How long the old secret works beside the new one, such as 1h; at most 24h.") var overlap: String?
    @OptionGroup var act: ActOptions
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
        .clients(.rotateSecret(id, overlap: overlap))
    }
}
