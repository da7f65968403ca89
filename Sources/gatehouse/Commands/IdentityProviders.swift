import ArgumentParser
import AuthorizationServer
import JOSE
import Storage

/// `gatehouse identity-providers`: the OpenID providers at which users sign in.
struct IdentityProviders: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity-providers", abstract: "Manage the OpenID providers at which users sign in.",
        subcommands: [
            Add.self, List.self, Show.self, Test.self, IdentityProviderEditCommand.self, Remove.self,
        ])

    struct Add: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Register an identity provider with Gatehouse's client credentials there.")
        @Argument(help: "Short name, shown on the sign-in page: lower-case letters, digits and hyphens.")
        var name: String
        @Option(help: "Issuer identifier, exactly as the provider publishes it; the endpoints are discovered.")
        var issuer: String
        @Option(help: "Client ID of Gatehouse at the provider.") var clientID: String
        @Flag(help: "Read the client secret from the first line of standard input.") var clientSecretStdin = false
        @Flag(
            help: "Authenticate with a key of Gatehouse's own instead of a secret; the command prints its public half.")
        var jwksKey = false
        @Option(help: "With --jwks-key: audience of the signed assertions; token_endpoint if omitted.")
        var assertionAudience: IdentityProvider.AssertionAudience?
        @Option(
            help: ArgumentHelp(
                "Client authentication method; one that the provider supports if omitted.",
                discussion: "With --jwks-key, private_key_jwt, also for a provider whose metadata does not offer it."))
        var auth: ProviderAuthentication?
        @OptionGroup var endpoints: IdentityProviderEndpoints
        @OptionGroup var home: HomeDomainOptions
        @OptionGroup var options: IdentityProviderOptionFlags
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) throws -> AdministrationRequest {
            var draft = IdentityProviderDraft(name: name, issuer: issuer, clientID: clientID)
            draft.authMethod = auth?.rawValue
            draft.usesKey = jwksKey
            draft.assertionAudience = assertionAudience?.rawValue
            endpoints.fill(&draft)
            draft.homeDomains = home.homeDomain
            draft.options = options.texts
            draft.clientSecret = clientSecretStdin ? try PasswordPrompt.readForeignSecret().reveal() : nil
            return .identityProviders(.add(draft))
        }
    }

    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the identity providers.")
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("name"), Column("issuer", .link), Column("accounts"), Column("domains"), Column("home_domains"),
                Column("required_groups"), Column("redirect_uri", .link),
            ]
        }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .identityProviders(.list) }
    }

    struct Show: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Show an identity provider.")
        @Argument(help: "Identity provider name.") var name: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .identityProviders(.show(name)) }
    }

    struct Test: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "test", abstract: "Fetch the provider's metadata and keys, and show what a sign-in would meet."
        )
        @Argument(help: "Identity provider name.") var name: String
        @OptionGroup var global: GlobalOptions
        var columns: [Column] { [Column("subject"), Column("result"), Column("finding")] }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .identityProviders(.test(name)) }
    }

    struct Remove: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Remove an identity provider and end the browser logins that it vouched for.")
        @Argument(help: "Identity provider name.") var name: String
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .identityProviders(.remove(name))
        }
    }
}

/// The endpoints of an identity provider, for one whose metadata does not name them.
struct IdentityProviderEndpoints: ParsableArguments {
    @Option(help: "Authorization endpoint, instead of the discovered one.") var authorizationEndpoint: String?
    @Option(help: "Token endpoint, instead of the discovered one.") var tokenEndpoint: String?
    @Option(help: "URL of the keys that sign ID tokens, instead of the discovered one.") var jwksUrl: String?
    @Option(help: "URL at which a browser signs out at the provider, instead of the discovered one; '' for none.")
    var endSessionEndpoint: String?

    func fill(_ draft: inout IdentityProviderDraft) {
        draft.authorizationEndpoint = authorizationEndpoint
        draft.tokenEndpoint = tokenEndpoint
        draft.keysURL = jwksUrl
        draft.endSessionEndpoint = endSessionEndpoint
    }
}

/// The e-mail domains that lead to an identity provider.
struct HomeDomainOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "E-mail domain whose users sign in at this provider (repeatable).",
            discussion:
                "The sign-in page then asks for the name or the address first. The domain narrows and links nothing."))
    var homeDomain: [String] = []
}

extension IdentityProvider.AssertionAudience: ExpressibleByArgument {}
