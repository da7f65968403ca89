import ArgumentParser
import AuthorizationServer
import JOSE
import OAuth

/// `gatehouse clients`: registered clients, clients known by their metadata document, and the rules about both.
struct Clients: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients",
        abstract:
            "Manage clients that an administrator registered, that registered themselves, or that have a metadata document.",
        subcommands: [
            Add.self, List.self, Show.self, ClientEditCommand.self, ClientSecretCommand.self, Allow.self, Block.self,
            ClientRulesCommand.self, ClientPermitCommand.self,
            Refresh.self, Remove.self,
            ClientRedirectsCommand.self, ClientInviteCommand.self, ClientInvitationsCommand.self,
        ])

    struct Add: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Register a client; prints its secret once, if it has one.",
            discussion: """
                A redirect URI starts with https://, with http:// on localhost, or with a private-use scheme: one with a dot, \
                one of a known app (\(OwnScheme.known.joined(separator: ", "))), or one given with --own-scheme. Any app on a \
                device can claim such a scheme, and the consent page says so.

                If --id is the URL of a metadata document, the client is pinned: the registration takes precedence, and \
                Gatehouse no longer fetches the document. Use this for a client whose host does not answer Gatehouse.

                --preset registers a known client that is set up by hand, and prints what to type in it. The other options \
                take precedence over the preset.
                """)
        @Option(help: "Client ID; random if omitted.") var id: String?
        @Option(help: "Known client to set up by hand.") var preset: ClientPreset?
        @Option(help: "Name shown on the consent page.") var name: String?
        @Option(help: "Redirect URI (repeatable).") var redirectURI: [String] = []
        @Option(
            help: """
                Client authentication method; none if omitted, private_key_jwt with --jwks or --jwks-url, else \
                client_secret_basic with --service.
                """)
        var auth: ClientAuthenticationMethod?
        @OptionGroup var keys: KeyOptions
        @Option(help: "MCP server that the client may request access to (repeatable); any if omitted.") var resource:
            [String] = []
        @Flag var requirements: [ClientRequirement] = []
        @Flag(
            help: """
                Let the client begin on a device without a browser (device grant, RFC 8628); --redirect-uri is then optional.
                """)
        var device = false
        @Option(help: "Private-use scheme of the client, without its colon (repeatable).") var ownScheme: [String] = []
        @OptionGroup var service: ServiceOptions
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            try service.validate(
                resources: resource, auth: auth,
                others: [
                    ("--redirect-uri", !redirectURI.isEmpty), ("--preset", preset != nil),
                    ("--own-scheme", !ownScheme.isEmpty), ("--require-par", requirements.contains(.pushedRequests)),
                    ("--device", device),
                ])
            guard name ?? preset?.name != nil else { throw ValidationError("Missing --name.") }
            guard service.service || device || !(redirectURI + (preset?.redirects ?? [])).isEmpty else {
                throw ValidationError(preset?.missingRedirect ?? "Missing --redirect-uri.")
            }
            guard keys.isGiven == (method == .privateKeyJWT) else {
                throw ValidationError("--auth private_key_jwt and --jwks or --jwks-url belong together.")
            }
        }

        private var method: ClientAuthenticationMethod {
            auth ?? preset?.method ?? (keys.isGiven ? .privateKeyJWT : service.authentication)
        }

        func request(_ configuration: ServerConfiguration) throws -> AdministrationRequest {
            let draft = ClientDraft(
                id: id, name: name ?? preset?.name ?? "",
                redirectURIs: redirectURI.isEmpty ? preset?.redirects ?? [] : redirectURI,
                authMethod: method.rawValue, keys: try keys.draft(), resources: resource,
                requirements: Set(requirements), ownSchemes: ownScheme,
                serviceScopes: service.service ? service.scope : nil, usesDevice: device)
            return .clients(.add(draft))
        }

        func finish(_ answer: AdministrationAnswer, _ configuration: ServerConfiguration) {
            guard let preset, !global.json, let row = answer.rows.first else { return }
            let steps = preset.steps(
                issuer: configuration.issuer, clientID: row["client_id"]?.string ?? "",
                secret: row["client_secret"]?.string, redirect: (redirectURI.first ?? preset.redirects.first) ?? "")
            Terminal.print((["", "In \(preset.name):"] + steps.map(Terminal.sanitised)).joined(separator: "\n"))
        }
    }

    struct List: ListCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract:
                "List registered clients, known metadata documents, clients that registered themselves, and rules.")
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
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a client.")
        @Argument(help: "Client ID.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .clients(.show(id)) }
    }

    struct Allow: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "allow",
            abstract: "Allow a client or all clients of a host; replaces an earlier rule of the same name.")
        @Argument(help: "Client ID, host (app.example), or '*.example' for all its subdomains.") var hostOrID: String
        @Option(help: "Audience that its signed assertions may name besides the issuer: token-endpoint.")
        var audience: Audience?
        @Flag(help: "Also let it begin on a device without a browser (device grant, RFC 8628).") var device = false
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        /// An audience of client assertions that is accepted only where an administrator allows it.
        enum Audience: String, ExpressibleByArgument {
            case tokenEndpoint = "token-endpoint"
        }

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .clients(
                .allow(hostOrID, acceptsTokenEndpoint: audience == .tokenEndpoint, allowsDevice: device))
        }
    }

    struct Block: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "block", abstract: "Block a client or all clients of a host, and revoke their sessions.")
        @Argument(
            help: "Client ID, host (bad.example), '*.bad.example' for all its subdomains, or '*' for every host.")
        var hostOrID: String
        @OptionGroup var revocation: RevocationOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let request = AdministrationRequest.clients(.block(hostOrID, reason: revocation.reason))
            try await revocation.confirm(request, to: "block '\(hostOrID)'", configuration)
            return request
        }
    }

    struct Refresh: ActingCommand {
        static let configuration = CommandConfiguration(
            commandName: "refresh", abstract: "Fetch a client's metadata document again at its next use.")
        @Argument(help: "Client ID.") var id: String
        @OptionGroup var act: ActOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .clients(.refresh(id)) }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract:
                "Remove a client, however it was registered, or a known metadata document, and revoke its sessions.")
        @Argument(help: "Client ID.") var id: String
        @OptionGroup var revocation: RevocationOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let request = AdministrationRequest.clients(.remove(id, reason: revocation.reason))
            try await revocation.confirm(request, to: "remove the client '\(id)'", configuration)
            return request
        }
    }
}

extension ClientAuthenticationMethod: ExpressibleByArgument {}
