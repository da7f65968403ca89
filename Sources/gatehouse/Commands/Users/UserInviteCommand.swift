import ArgumentParser
import AuthorizationServer

/// `gatehouse users invite`: adds an account and makes the link with which its user sets the password.
struct UserInviteCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Add a user, who sets the password with a one-time link.",
        discussion: """
            The link works once and expires after 24 hours. It is printed, or sent by the program of mail.command. For a user \
            who has not used an invitation yet, the command makes a new link, which invalidates the earlier one.
            """)
    @Argument(help: "Sign-in name.") var name: String
    @Option(help: "E-mail address.") var email: String?
    @Option(help: "Group to add the user to (repeatable).") var group: [String] = []
    @OptionGroup var link: LinkOptions
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
        .users(.links(.invite(name: name, email: email, groups: group)))
    }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let answer = try await AdministrationRoute(configuration).send(request(configuration))
        let delivered = link.delivery(configuration).delivered(answer, isInvitation: true)
        Presentation(columns: columns, json: global.json).show(delivered)
    }
}

/// The option of a command that makes a one-time link.
struct LinkOptions: ParsableArguments {
    @Flag(help: "Print the link, even if mail.command could send it.") var printLink = false

    /// The delivery of the links of the command.
    func delivery(_ configuration: ServerConfiguration) -> LinkDelivery {
        LinkDelivery(configuration: configuration, prints: printLink)
    }
}
