import ArgumentParser
import AuthorizationServer

/// `gatehouse users rename`: gives a user another name.
struct UserRenameCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Give a user another name.",
        discussion: "The subject, sessions and browser logins stay. The user signs in with the new name from then on.")
    @Argument(help: "User name.") var name: String
    @Argument(help: "New name.") var newName: String
    @Option(help: "Reason, for the audit trail.") var reason: String?
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
        .users(.change(.rename(name: name, newName: newName, reason: reason)))
    }
}

/// `gatehouse users delete`: ends everything of a user and deletes the account.
struct UserDeleteCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a user; ends all sessions and erases personal data.",
        discussion: """
            Revokes the user's sessions, ends the connected accounts here, and deletes name, address, password, linked accounts \
            and group memberships. In the audit trail it erases what 'audit erase' erases; ids stay. Backups and exports keep \
            what they contain. To take access away without deleting, use 'users disable'.
            """)
    @Argument(help: "User name.") var name: String
    @Option(help: "Reason, for the audit trail.") var reason: String?
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
        if !confirmation.yes {
            let weight = try await AdministrationRoute(configuration).send(.users(.change(.weighDeletion(name: name))))
            try Confirmation(
                lines: [weight.note ?? ""], question: "Delete the user '\(name)'?",
                purpose: "delete the user '\(name)'", declined: "Nothing was changed."
            ).obtain()
        }
        return .users(.change(.delete(name: name, reason: reason)))
    }
}
