import ArgumentParser
import AuthorizationServer
import JOSE

/// `gatehouse access`: which MCP servers a user may use, and by which rule.
struct AccessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access", abstract: "Show which MCP servers a user may use, and by which rule.",
        discussion: """
            Without an MCP server, the command lists all of them. The rule is 'everybody', 'user' if the user is listed by name, \
            'group' with the group and its source, 'group outdated' if an identity provider stated the group too long ago, or \
            'not listed'.
            """)
    @Argument(help: "User (name or subject).") var user: String
    @Argument(help: "MCP server (ID or URI).") var resource: String?
    @OptionGroup var page: PageOptions
    @OptionGroup var global: GlobalOptions

    private static let columns = [
        Column("resource", .link), Column("name"), Column("access"), Column("rule"), Column("group"),
        Column("source"), Column("withheld_scopes", "WITHHELD"),
    ]

    func validate() throws {
        guard resource == nil || (page.limit == nil && page.after == nil && !page.all && !page.page) else {
            throw ValidationError("An MCP server cannot be combined with the options that select a page.")
        }
    }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let route = AdministrationRoute(configuration)
        if let resource {
            let answer = try await route.send(.access(.show(user: user, resource: resource)))
            return global.presentation().show(answer)
        }
        var answer = try await route.send(.access(.list(user: user, page: page.first)))
        while page.all, let next = answer.next {
            let further = PageRequest(limit: page.first.limit, after: next)
            answer = answer.joined(with: try await route.send(.access(.list(user: user, page: further))))
        }
        var presentation = global.presentation(Self.columns)
        presentation.isPage = page.page
        presentation.show(answer)
    }
}
