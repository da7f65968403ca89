import ArgumentParser
import AuthorizationServer
import JOSE

/// `gatehouse users`: the accounts that sign in.
struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Manage users.",
        subcommands: [
            Add.self, UserInviteCommand.self, UserImportCommand.self, List.self, UserShowCommand.self, Disable.self,
            Enable.self, SetPassword.self, UserResetCommand.self, UserGroupsCommand.self,
            UserRenameCommand.self, UserDeleteCommand.self,
        ])

    struct Add: ActingCommand {
        static let configuration = CommandConfiguration(commandName: "add", abstract: "Add a user.")
        @Argument(help: "Sign-in name.") var name: String
        @Option(help: "E-mail address.") var email: String?
        @Option(help: "Group to add the user to (repeatable).") var group: [String] = []
        @OptionGroup var password: PasswordOptions
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) throws -> AdministrationRequest {
            .users(.add(name: name, email: email, passwordHash: try password.hash(), groups: group))
        }
    }

    struct List: ListCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the users by name.")
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("name"), Column("state"), Column("link_expires_at", .time), Column("email"),
                Column("created_at", .time), Column("subject", .id), Column("id", .id),
            ]
        }

        func request(_ page: PageRequest) -> AdministrationRequest { .users(.list(page)) }
    }

    struct Disable: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "disable", abstract: "Disable a user and revoke the user's sessions.")
        @Argument(help: "User name.") var name: String
        @OptionGroup var revocation: RevocationOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let request = AdministrationRequest.users(.disable(name: name, reason: revocation.reason))
            try await revocation.confirm(request, to: "disable the user '\(name)'", configuration)
            return request
        }
    }

    struct Enable: ActingCommand {
        static let configuration = CommandConfiguration(commandName: "enable", abstract: "Enable a disabled user.")
        @Argument(help: "User name.") var name: String
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .users(.enable(name: name)) }
    }

    struct SetPassword: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "passwd", abstract: "Set a user's password and sign the user out of every browser.")
        @Argument(help: "User name.") var name: String
        @Flag(help: "Also revoke the user's sessions; approved apps lose their access.") var revokeSessions = false
        // The former spelling, kept for one version.
        @Flag(name: .customLong("end-sessions"), help: .hidden) var formerEndSessions = false
        @OptionGroup var password: PasswordOptions
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let revokesSessions = revokeSessions || formerEndSessions
            // An unknown name fails before the password is asked for.
            let preview = AdministrationRequest.users(
                .setPassword(name: name, passwordHash: "", endSessions: revokesSessions))
            _ = try await AdministrationRoute(configuration).send(.preview(preview))
            return .users(.setPassword(name: name, passwordHash: try password.hash(), endSessions: revokesSessions))
        }
    }
}

/// The source of a password. It is never an argument, which every process of the machine can read.
struct PasswordOptions: ParsableArguments {
    @Flag(help: "Read the password from the first line of standard input.") var passwordStdin = false

    /// The hash of the password. The password itself never leaves this process.
    func hash() throws -> String {
        let password = passwordStdin ? try PasswordPrompt.readLine() : try PasswordPrompt.askTwice()
        return PasswordHash.make(password, cost: .standard).string
    }
}
