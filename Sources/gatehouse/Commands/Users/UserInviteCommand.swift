import ArgumentParser
import AuthorizationServer

/// `gatehouse users invite`: adds an account and makes the link with which its user takes it.
struct UserInviteCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Add a user, who sets the password or signs in with a one-time link.",
        discussion: """
            The link works once and expires after 24 hours. It is printed, or sent by the program of mail.command. For a user \
            who has not used an invitation yet, the command makes a new link, which invalidates the earlier one. With \
            --identity-provider the link sets no password: the user takes the account by signing in at that provider.
            """)
    @Argument(help: "Sign-in name.") var name: String
    @Option(help: "E-mail address.") var email: String?
    @Option(help: "Group to add the user to (repeatable).") var group: [String] = []
    @OptionGroup var taker: LinkTakerOptions
    @OptionGroup var link: LinkOptions
    @OptionGroup var act: ActOptions
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
        .users(.links(.invite(name: name, email: email, groups: group, provider: taker.identityProvider)))
    }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let answer = try await AdministrationRoute(configuration, reason: act.reason).send(request(configuration))
        let delivered = link.delivery(configuration).delivered(answer, isInvitation: true)
        global.presentation(columns).show(delivered)
    }
}

/// The option that names who has to take a one-time link.
struct LinkTakerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Identity provider at which the user takes the account, instead of setting a password.",
            discussion:
                "If the user has an e-mail address here, the account at the provider must have the same address, verified by the "
                + "provider."))
    var identityProvider: String?
}

/// The option of a command that makes a one-time link.
struct LinkOptions: ParsableArguments {
    @Flag(help: "Print the link, even if mail.command could send it.") var printLink = false

    /// The delivery of the links of the command.
    func delivery(_ configuration: ServerConfiguration) -> LinkDelivery {
        LinkDelivery(configuration: configuration, prints: printLink)
    }
}
