import ArgumentParser
import AuthorizationServer
import JOSE
import Storage

/// `gatehouse identity-providers edit`: changes an identity provider that is in use.
struct IdentityProviderEditCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change an identity provider; name and issuer stay.",
        discussion: """
            Options that are not given stay unchanged. A repeatable option replaces its whole list, and '' gives an option its \
            standard value. If a narrower rule or another change takes something from users, the command says so and asks. \
            Accounts and sessions stay.
            """)
    @Argument(help: "Identity provider name.") var name: String
    @Option(help: "Client ID of Gatehouse at the provider.") var clientID: String?
    @Flag(help: "Read a new client secret from the first line of standard input.") var clientSecretStdin = false
    @Flag(help: "Authenticate with a key of Gatehouse's own from now on; the command prints its public half.")
    var jwksKey = false
    @Option(help: "Audience of the assertions that the key signs.")
    var assertionAudience: IdentityProvider.AssertionAudience?
    @Option(help: "Client authentication method.") var auth: ProviderAuthentication?
    @Option(help: "Authorization endpoint; '' for the one of the metadata.") var authorizationEndpoint: String?
    @Option(help: "Token endpoint; '' for the one of the metadata.") var tokenEndpoint: String?
    @Option(help: "URL of the keys that sign ID tokens; '' for the one of the metadata.") var jwksUrl: String?
    @Option(help: "URL at which a browser signs out at the provider; '' for none.") var endSessionEndpoint: String?
    @Flag(help: "Read the provider's metadata again: endpoints that are not given, and authentication contexts.")
    var discover = false
    @Option(help: "E-mail domain whose users sign in at this provider (repeatable, replaces the list; '' for none).")
    var homeDomain: [String] = []
    @OptionGroup var options: IdentityProviderOptionFlags
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var act: ActOptions
    @OptionGroup var global: GlobalOptions

    private var change: IdentityProviderChange {
        var change = IdentityProviderChange()
        change.clientID = clientID
        change.usesKey = jwksKey
        change.assertionAudience = assertionAudience?.rawValue
        change.authMethod = auth?.rawValue
        change.authorizationEndpoint = authorizationEndpoint
        change.tokenEndpoint = tokenEndpoint
        change.keysURL = jwksUrl
        change.endSessionEndpoint = endSessionEndpoint
        change.discovers = discover
        change.homeDomains = homeDomain.isEmpty ? nil : homeDomain.filter { !$0.isEmpty }
        change.options = options.texts.mapValues { $0.filter { !$0.isEmpty } }
        return change
    }

    func validate() throws {
        guard clientSecretStdin || change != IdentityProviderChange() else {
            throw ValidationError("Nothing to change. Give at least one option; '--help' lists them.")
        }
    }

    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
        var change = change
        change.clientSecret = clientSecretStdin ? try PasswordPrompt.readForeignSecret().reveal() : nil
        if !confirmation.yes {
            let effects = try await AdministrationRoute(configuration).send(.identityProviders(.effects(name, change)))
            if !effects.rows.isEmpty {
                try Confirmation(
                    lines: effects.rows.compactMap { $0["effect"]?.string }.map(Terminal.sanitised),
                    question: "Change the identity provider '\(name)'?",
                    purpose: "change the identity provider '\(name)'", declined: "Nothing was changed."
                ).obtain()
            }
        }
        return .identityProviders(.edit(name, change))
    }
}
