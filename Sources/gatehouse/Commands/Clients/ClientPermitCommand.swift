import ArgumentParser
import AuthorizationServer
import OAuth

/// `gatehouse clients permit`: what a client may do by itself.
struct ClientPermitCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "permit",
        abstract: "Show or change what a client may do by itself, without a user.",
        discussion: """
            Without a permission a client gets no token by itself (grant type client_credentials). Each permission is for one \
            MCP server. If it allows less than before, or is withdrawn, the client's session there is revoked.

            Without --resource, the command shows the permissions of the client.
            """)
    @Argument(help: "Client ID.") var id: String
    @Option(help: "MCP server (ID or URI).") var resource: String?
    @Option(help: "Scope that the client may have there (repeatable, replaces the list).") var scope: [String] = []
    @Flag(help: "Withdraw the permission.") var revoke = false
    @OptionGroup var revocation: RevocationOptions
    @OptionGroup var global: GlobalOptions
    var columns: [Column] {
        resource == nil ? [Column("resource", .link), Column("scope"), Column("created_at", .time)] : []
    }

    func validate() throws {
        guard resource != nil else {
            guard scope.isEmpty, !revoke else { throw ValidationError("Missing --resource.") }
            return
        }
        guard scope.isEmpty == revoke else {
            throw ValidationError("Give either --scope, or --revoke to withdraw the permission.")
        }
    }

    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
        guard let resource else { return .clients(.permissions(.show(client: id))) }
        let change: ClientPermissionRequest =
            revoke
            ? .withdraw(client: id, resource: resource, reason: revocation.reason)
            : .set(client: id, resource: resource, scopes: scope, reason: revocation.reason)
        let request = AdministrationRequest.clients(.permissions(change))
        try await revocation.confirm(
            request, to: "\(revoke ? "withdraw" : "change") the permission of '\(id)'", configuration)
        return request
    }
}

/// The options of `clients add` for a client that acts for itself.
struct ServiceOptions: ParsableArguments {
    @Flag(help: "Register a client that acts for itself, without a user; needs --resource and --scope.")
    var service = false
    @Option(help: "Scope that a --service client may have at its MCP server (repeatable).") var scope: [String] = []

    /// The authentication method unless `--auth` names another.
    var authentication: ClientAuthenticationMethod { service ? .clientSecretBasic : .none }

    /// Refuses options that a client of the other kind has; `others` are those of clients that users approve, by their names.
    func validate(
        resources: [String], auth: ClientAuthenticationMethod?, others: [(name: String, isGiven: Bool)]
    ) throws {
        guard service else {
            guard scope.isEmpty else { throw ValidationError("--scope requires --service.") }
            return
        }
        guard resources.count == 1, !scope.isEmpty else {
            throw ValidationError(
                "--service requires one --resource and --scope. Permit more MCP servers with 'gatehouse clients permit'."
            )
        }
        guard auth != ClientAuthenticationMethod.none else {
            throw ValidationError("--auth none and --service cannot be combined: anyone could act as such a client.")
        }
        if let other = others.first(where: \.isGiven) {
            throw ValidationError("\(other.name) and --service cannot be combined: no user approves such a client.")
        }
    }
}
