import ArgumentParser
import AuthorizationServer
import JOSE
import Storage

/// Third parties at which people have accounts, and who may use which.
struct Providers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers", abstract: "Third parties whose accounts people can connect.",
        subcommands: [Add.self, List.self, Remove.self, Allow.self])

    struct Add: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Register a provider, with the client that Gatehouse is there.")
        @Argument(help: "A short name: lower-case letters, digits and hyphens.") var name: String
        @Option(help: "Who answers for the registration; only MCP servers of the same owner may use it.")
        var owner: String
        @Option(help: "The provider's issuer, exactly as it names itself; its endpoints are discovered.")
        var issuer: String?
        @Option(help: "Where people are sent, instead of discovering it.") var authorizationEndpoint: String?
        @Option(help: "Where codes are redeemed, instead of discovering it.") var tokenEndpoint: String?
        @Option(help: "Where tokens are given up.") var revocationEndpoint: String?
        @Option(help: "The client id that Gatehouse has at the provider.") var clientID: String
        @Flag(help: "Read the client's secret from standard input, one line.") var clientSecretStdin = false
        @Option(help: "How Gatehouse proves itself: none, client_secret_basic or client_secret_post.")
        var auth: ProviderAuthentication?
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard issuer != nil || (authorizationEndpoint != nil && tokenEndpoint != nil) else {
                throw ValidationError("Say --issuer, or both --authorization-endpoint and --token-endpoint.")
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
            commandName: "list", abstract: "List the providers, and what each MCP server may have of them.")
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("name"), Column("owner"), Column("issuer", .link), Column("redirect_uri", .link),
                Column("allowed"),
            ]
        }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .providers(.list) }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a provider and end the connections there.")
        @Argument(help: "The provider's name.") var name: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .providers(.remove(name)) }
    }

    struct Allow: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "allow", abstract: "Let an MCP server have people connect their accounts at a provider.")
        @Argument(help: "The provider's name.") var provider: String
        @Argument(help: "The MCP server's id or its URI.") var resource: String
        @Option(help: "A scope at the provider that it may ask for; repeatable.") var scope: [String] = []
        @Option(
            help: ArgumentHelp(
                "Another name by which the provider grants an allowed scope, as ALLOWED=OTHER; repeatable.",
                discussion: "What the provider grants beyond the scopes and these names fails the connection."))
        var sameAs: [String] = []
        @Flag(help: "Take the permission back.") var revoke = false
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard scope.isEmpty == revoke else {
                throw ValidationError("Say --scope at least once, or --revoke to take the permission back.")
            }
            guard sameAs.isEmpty || !revoke else {
                throw ValidationError("--same-as belongs to --scope; leave it out to take the permission back.")
            }
        }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            let scope = revoke ? nil : scope.joined(separator: " ")
            return .providers(.allow(provider: provider, resource: resource, scope: scope, sameAs: sameAs))
        }
    }
}

extension ProviderAuthentication: ExpressibleByArgument {}
