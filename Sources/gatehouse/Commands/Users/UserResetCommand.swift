import ArgumentParser
import AuthorizationServer

/// `gatehouse users reset`: takes a user's password away, and makes the link with which the user signs in again.
struct UserResetCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Remove a user's password; the user sets a new one, or signs in at a provider, with a one-time link.",
        discussion: """
            The old password is invalid at once, and the user is signed out of every browser. On a terminal the command asks \
            whether to revoke the user's sessions as well. The link works once and expires after 24 hours.
            """)
    @Argument(help: "User name.") var name: String
    @Flag(
        name: [.customLong("revoke-sessions"), .customLong("end-sessions")],
        help: "Also revoke the user's sessions; approved apps lose their access.") var revokesSessions = false
    @Flag(help: "Keep the user's sessions, and do not ask.") var keepSessions = false
    @Flag(help: "Also unlink the user's accounts at identity providers.") var factors = false
    @OptionGroup var taker: LinkTakerOptions
    @OptionGroup var link: LinkOptions
    @OptionGroup var act: ActOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard !revokesSessions || !keepSessions else {
            throw ValidationError("--revoke-sessions cannot be combined with --keep-sessions.")
        }
    }

    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
        let revoking = AdministrationRequest.users(
            .links(
                .reset(
                    name: name, revokesSessions: true, unlinksAccounts: factors, provider: taker.identityProvider)))
        // An unknown name fails before the question.
        let preview = SessionPreview(try await AdministrationRoute(configuration).send(.preview(revoking)))
        guard !revokesSessions else { return revoking }
        let keeping = AdministrationRequest.users(
            .links(.reset(name: name, unlinksAccounts: factors, provider: taker.identityProvider)))
        guard !keepSessions, !preview.isEmpty, Terminal.isInteractive else { return keeping }
        let question = "Also revoke \(preview.phrase)? Approved apps then lose their access. [y/N] "
        return Terminal.confirms((preview.lines + [question]).joined(separator: "\n")) ? revoking : keeping
    }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let request = try await request(configuration)
        let answer = try await AdministrationRoute(configuration, reason: act.reason).send(request)
        let delivered = link.delivery(configuration).delivered(answer, isInvitation: false)
        global.presentation(columns).show(delivered)
    }
}
