import ArgumentParser
import AuthorizationServer
import JOSE
import Storage

/// `gatehouse identity-providers`: the OpenID providers at which users sign in.
struct IdentityProviders: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity-providers", abstract: "Manage the OpenID providers at which users sign in.",
        subcommands: [Add.self, List.self, Show.self, Test.self, Remove.self])

    struct Add: AdministrationCommand {
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
        @OptionGroup var admission: IdentityProviderAdmission
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) throws -> AdministrationRequest {
            var draft = IdentityProviderDraft(name: name, issuer: issuer, clientID: clientID)
            draft.authMethod = auth?.rawValue
            draft.usesKey = jwksKey
            draft.assertionAudience = assertionAudience?.rawValue
            endpoints.fill(&draft)
            admission.fill(&draft)
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

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Remove an identity provider and end the browser logins that it vouched for.")
        @Argument(help: "Identity provider name.") var name: String
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
    @Option(help: "Scope to request besides openid (repeatable); profile and email if omitted.")
    var scope: [String] = []
    @Option(
        help: ArgumentHelp(
            "Authentication context (acr) that the provider can be asked for (repeatable).",
            discussion: "Those that its metadata lists in acr_values_supported are known without this option."))
    var acr: [String] = []

    func fill(_ draft: inout IdentityProviderDraft) {
        draft.authorizationEndpoint = authorizationEndpoint
        draft.tokenEndpoint = tokenEndpoint
        draft.keysURL = jwksUrl
        draft.endSessionEndpoint = endSessionEndpoint
        draft.scope = scope.isEmpty ? nil : scope.joined(separator: " ")
        draft.contexts = acr
    }
}

/// Who may sign in at an identity provider.
struct IdentityProviderAdmission: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What an unknown account of the provider becomes: create, link or invited.",
            discussion:
                "create makes a new user, never an existing one. link lets users link the account on their account page. "
                + "invited admits only accounts with an invitation."))
    var accounts: IdentityProvider.AccountRule = .create
    @Option(
        help: ArgumentHelp(
            "Domain whose accounts may sign in (repeatable); any if omitted.",
            discussion:
                "Compared with the claim hd, or else with the domain of an e-mail address that the provider verified."))
    var allowDomain: [String] = []
    @Option(
        help: ArgumentHelp(
            "E-mail domain whose users sign in at this provider (repeatable).",
            discussion:
                "The sign-in page then asks for the name or the address first. The domain narrows and links nothing."))
    var homeDomain: [String] = []
    @Option(
        help: "Claim of the ID token with the user's groups; groups if --require-group or --group-refresh is given.")
    var groupClaim: String?
    @Option(help: "Group whose members may sign in (repeatable); anybody if omitted.") var requireGroup: [String] = []
    @Flag(
        help: ArgumentHelp(
            "Ask the provider for the user's groups again, at most once an hour while the user has live sessions.",
            discussion: "Requests the scope offline_access. The provider's refresh token is stored sealed."))
    var groupRefresh = false
    @Option(
        help: ArgumentHelp(
            "What a logout at the provider ends here: logins or sessions.",
            discussion:
                "The provider reports logouts to /sign-in/NAME/logout. logins ends the user's browser logins; sessions also "
                + "revokes the access of all the user's apps."))
    var logout: LogoutReach = .logins

    func fill(_ draft: inout IdentityProviderDraft) {
        draft.accounts = accounts.rawValue
        draft.domains = allowDomain
        draft.homeDomains = homeDomain
        draft.groupClaim = groupClaim
        draft.requiredGroups = requireGroup
        draft.refreshesGroups = groupRefresh
        draft.logoutRevokesSessions = logout == .sessions
    }
}

/// What a logout at an identity provider ends.
enum LogoutReach: String, CaseIterable, ExpressibleByArgument {
    case logins, sessions
}

extension IdentityProvider.AccountRule: ExpressibleByArgument {}
extension IdentityProvider.AssertionAudience: ExpressibleByArgument {}
