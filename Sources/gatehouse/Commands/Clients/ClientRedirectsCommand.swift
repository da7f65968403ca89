import ArgumentParser
import AuthorizationServer

/// `gatehouse clients redirects`: the redirects that clients may register themselves with.
struct ClientRedirectsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redirects",
        abstract: "Allow redirects to clients that register themselves; list and remove them.",
        subcommands: [Allow.self, List.self, Remove.self])

    struct Allow: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "allow", abstract: "Allow a redirect to clients that register themselves.",
            discussion: """
                A redirect is compared byte by byte. A prefix ends in /* and covers everything below its path at one host: \
                'https://app.example/oauth/*'. Quote it, so that the shell does not expand the star.

                Redirects to http://localhost, 127.0.0.1 and [::1] need no permission.
                """)
        @Argument(help: "Redirect URI, or a prefix such as 'https://app.example/oauth/*'.") var redirect: String
        @Option(help: "Reason, for the audit trail.") var reason: String?
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .clients(.redirects(.allow(redirect, reason: reason)))
        }
    }

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the redirects of known clients and those that were allowed here.")
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("redirect", .link), Column("origin"), Column("vendor"), Column("shared"),
                Column("source", .aside),
                Column("date"), Column("created_at", .time),
            ]
        }

        func request(_ page: PageRequest) -> AdministrationRequest { .clients(.redirects(.list(page))) }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a redirect that was allowed here.")
        @Argument(help: "Redirect URI or prefix, as printed by 'clients redirects list'.") var redirect: String
        @Option(help: "Reason, for the audit trail.") var reason: String?
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .clients(.redirects(.remove(redirect, reason: reason)))
        }
    }
}
