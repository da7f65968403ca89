import ArgumentParser
import AuthorizationServer
import OAuth

/// Clients: those registered by hand, those known by their document, and the rules about both.
struct Clients: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients", abstract: "Clients, registered or known by their metadata document.",
        subcommands: [
            Add.self, List.self, Show.self, Allow.self, Block.self, ClientRulesCommand.self, Refresh.self, Remove.self,
        ])

    struct Add: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Register a client by hand; prints its secret once, if it has one.",
            discussion: """
                A redirect URI begins with https://, with http:// on localhost, or with a scheme of the app's own: one that has \
                a dot, one of a known app (\(OwnScheme.known.joined(separator: ", "))), or one that --own-scheme names. A \
                device hands such an address to whichever app has claimed its scheme, and the consent page says so.

                With the URL of a metadata document as --id the client is pinned: what is registered here counts, and the \
                document is no longer fetched. That lets in a client whose host turns servers away.
                """)
        @Option(help: "The identifier; a random one without it.") var id: String?
        @Option(help: "What people read on the consent page.") var name: String
        @Option(help: "Where answers may go; repeatable.") var redirectURI: [String]
        @Option(help: "How it proves itself: none, client_secret_basic or client_secret_post.") var auth =
            ClientAuthenticationMethod.none
        @Option(help: "An MCP server it may ask for; repeatable, without any it may ask for each.") var resource:
            [String] = []
        @Option(help: "A scheme of the client's own, without its colon, that no list knows; repeatable.") var ownScheme:
            [String] = []
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            guard !redirectURI.isEmpty else { throw ValidationError("Say --redirect-uri at least once.") }
        }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            let draft = ClientDraft(
                id: id, name: name, redirectURIs: redirectURI, authMethod: auth.rawValue, resources: resource,
                ownSchemes: ownScheme)
            return .clients(.add(draft))
        }
    }

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List registered clients, known documents and rules.")
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("client_id"), Column("name"), Column("kind"), Column("host"), Column("rule"),
                Column("created_at", .time),
            ]
        }

        func request(_ page: PageRequest) -> AdministrationRequest { .clients(.list(page)) }
    }

    struct Show: AdministrationCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Describe a client.")
        @Argument(help: "The client's id.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .clients(.show(id)) }
    }

    struct Allow: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "allow", abstract: "Let the clients of a host come, or one client; lifts a block of that name."
        )
        @Argument(help: "A client's id, a host (app.example), or all hosts below one ('*.example').") var hostOrID:
            String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .clients(.allow(hostOrID)) }
    }

    struct Block: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "block", abstract: "Keep a client, or all clients of a host, out and end their sessions.")
        @Argument(
            help: "A client's id, a host (bad.example), all hosts below one ('*.bad.example'), or '*' for every host.")
        var hostOrID: String
        @OptionGroup var ending: RevocationOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let request = AdministrationRequest.clients(.block(hostOrID, reason: ending.reason))
            try await ending.confirm(request, configuration)
            return request
        }
    }

    struct Refresh: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "refresh", abstract: "Have a client's document fetched anew at its next sign-in.")
        @Argument(help: "The client's id.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .clients(.refresh(id)) }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a registered client, or forget a document, and end its sessions.")
        @Argument(help: "The client's id.") var id: String
        @OptionGroup var ending: RevocationOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let request = AdministrationRequest.clients(.remove(id, reason: ending.reason))
            try await ending.confirm(request, configuration)
            return request
        }
    }
}

extension ClientAuthenticationMethod: ExpressibleByArgument {}
