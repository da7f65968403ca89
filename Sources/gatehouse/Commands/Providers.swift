import ArgumentParser
import AuthorizationServer
import JOSE
import Storage

/// `gatehouse providers`: third parties whose accounts users can connect, and the MCP servers that may use them.
struct Providers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers", abstract: "Manage the third parties whose accounts users can connect.",
        subcommands: [Add.self, List.self, Remove.self, Allow.self])

    struct Add: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Register a provider with Gatehouse's client credentials there.")
        @Argument(help: "Short name: lower-case letters, digits and hyphens.") var name: String
        @Option(help: "Accountable owner; only MCP servers of the same owner may use the provider.")
        var owner: String
        @Option(help: "Issuer identifier, exactly as the provider publishes it; the endpoints are discovered.")
        var issuer: String?
        @Option(help: "Authorization endpoint, instead of the discovered one.") var authorizationEndpoint: String?
        @Option(help: "Token endpoint, instead of the discovered one.") var tokenEndpoint: String?
        @Option(help: "Revocation endpoint, instead of the discovered one.") var revocationEndpoint: String?
        @Option(help: "Client ID of Gatehouse at the provider.") var clientID: String
        @Flag(help: "Read the client secret from the first line of standard input.") var clientSecretStdin = false
        @Option(help: "Client authentication method; one that the provider supports if omitted.")
        var auth: ProviderAuthentication?
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard issuer != nil || (authorizationEndpoint != nil && tokenEndpoint != nil) else {
                throw ValidationError("Missing --issuer, or both --authorization-endpoint and --token-endpoint.")
            }
        }

        func request(_ configuration: ServerConfiguration) throws -> AdministrationRequest {
            var draft = ProviderDraft(name: name, owner: owner, clientID: clientID)
            draft.issuer = issuer
            draft.authorizationEndpoint = authorizationEndpoint
            draft.tokenEndpoint = tokenEndpoint
            draft.revocationEndpoint = revocationEndpoint
            draft.clientSecret = clientSecretStdin ? try PasswordPrompt.readForeignSecret().reveal() : nil
            draft.authMethod = auth?.rawValue
            return .providers(.add(draft))
        }
    }

    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the providers and the MCP servers that may use them.")
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("name"), Column("owner"), Column("issuer", .link), Column("redirect_uri", .link),
                Column("allowed"),
            ]
        }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .providers(.list) }
    }

    struct Remove: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a provider and revoke its connections.")
        @Argument(help: "Provider name.") var name: String
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .providers(.remove(name)) }
    }

    struct Allow: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "allow", abstract: "Allow an MCP server to connect users' accounts at a provider.")
        @Argument(help: "Provider name.") var provider: String
        @Argument(help: "MCP server (ID or URI).") var resource: String
        @Option(help: "Scope at the provider that the MCP server may request (repeatable).") var scope: [String] = []
        @Option(
            help: ArgumentHelp(
                "Another name under which the provider grants an allowed scope, as ALLOWED=OTHER (repeatable).",
                discussion: "A connection fails if the provider grants anything beyond the scopes and these names."))
        var sameAs: [String] = []
        @Flag(help: "Withdraw the permission.") var revoke = false
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard scope.isEmpty == revoke else {
                throw ValidationError("Give either --scope, or --revoke to withdraw the permission.")
            }
            guard sameAs.isEmpty || !revoke else {
                throw ValidationError("--same-as and --revoke cannot be combined.")
            }
        }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            let scope = revoke ? nil : scope.joined(separator: " ")
            return .providers(.allow(provider: provider, resource: resource, scope: scope, sameAs: sameAs))
        }
    }
}

extension ProviderAuthentication: ExpressibleByArgument {
    /// The methods that the help lists. `private_key_jwt` is for identity providers, where another option selects it.
    static var allValueStrings: [String] { allCases.filter { $0 != .privateKeyJWT }.map(\.rawValue) }
}
