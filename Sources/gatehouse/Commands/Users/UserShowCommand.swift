import ArgumentParser
import AuthorizationServer

/// `gatehouse users show`: one user, with groups, linked accounts and what identity providers said.
struct UserShowCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a user: account, groups, and what identity providers said last.",
        discussion: """
            Each linked account has what its identity provider said at the last sign-in. Claims are shown as they came: an \
            address is only proven where 'email verified' says yes, and no name or address decides who the user is. \
            'groups' of an account are the provider's own words; 'groups' of the user are those that access rules name.
            """)
    @Argument(help: "User (name or subject).") var name: String
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .users(.show(name: name)) }
}
