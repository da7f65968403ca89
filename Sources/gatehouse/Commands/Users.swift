import ArgumentParser
import AuthorizationServer
import JOSE

/// Accounts of people.
struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Accounts of people who sign in.",
        subcommands: [Add.self, List.self, Disable.self, Enable.self, SetPassword.self])

    struct Add: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "add", abstract: "Make an account.")
        @Argument(help: "The name to sign in with.") var name: String
        @Option(help: "An address to reach the person.") var email: String?
        @OptionGroup var password: PasswordOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) throws -> AdministrationRequest {
            .users(.add(name: name, email: email, passwordHash: try password.hash()))
        }
    }

    struct List: ListCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the accounts, by name.")
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("name"), Column("state"), Column("email"), Column("created_at", .time), Column("subject", .id),
                Column("id", .id),
            ]
        }

        func request(_ page: PageRequest) -> AdministrationRequest { .users(.list(page)) }
    }

    struct Disable: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "disable", abstract: "Lock an account and end its sessions.")
        @Argument(help: "The account's name.") var name: String
        @OptionGroup var ending: RevocationOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let request = AdministrationRequest.users(.disable(name: name, reason: ending.reason))
            try await ending.confirm(request, configuration)
            return request
        }
    }

    struct Enable: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "enable", abstract: "Unlock an account.")
        @Argument(help: "The account's name.") var name: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .users(.enable(name: name)) }
    }

    struct SetPassword: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "passwd", abstract: "Set a new password and sign the account's browsers out.")
        @Argument(help: "The account's name.") var name: String
        @Flag(help: "End its sessions too: apps that the person approved lose their access.") var endSessions = false
        @OptionGroup var password: PasswordOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            // Nobody types a password twice to read that there is no such account.
            let asked = AdministrationRequest.users(
                .setPassword(name: name, passwordHash: "", endSessions: endSessions))
            _ = try await AdministrationRoute(configuration).send(.preview(asked))
            return .users(.setPassword(name: name, passwordHash: try password.hash(), endSessions: endSessions))
        }
    }
}

/// Where a password comes from: never from an argument, which every process of the machine can read.
struct PasswordOptions: ParsableArguments {
    @Flag(help: "Read the password from standard input, one line.") var passwordStdin = false

    /// The password's hash; the password itself does not leave this process.
    func hash() throws -> String {
        let password = passwordStdin ? try PasswordPrompt.readLine() : try PasswordPrompt.askTwice()
        return PasswordHash.make(password, cost: .standard).string
    }
}
