import ArgumentParser
import AuthorizationServer

/// `gatehouse resources`: the MCP servers that delegate to this Gatehouse.
struct Resources: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resources", abstract: "Manage the MCP servers that delegate to this Gatehouse.",
        subcommands: [
            Add.self, List.self, Show.self, ResourcePolicyCommand.self, RotateSecret.self, Remove.self,
        ])

    struct Add: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Register an MCP server; prints its secret once, unless it has keys.")
        @Argument(help: "Resource identifier, exactly as the MCP server spells it.") var uri: String?
        @Option(help: "URL of the protected resource metadata (RFC 9728) with identifier, name and scopes.")
        var from: String?
        @Option(help: "Name shown to users.") var name: String?
        @Option(help: "Accountable owner, such as a team.") var owner: String
        @Option(help: "Scope with its description, such as 'files:read=Read your files' (repeatable).")
        var scope: [String] = []
        @Option(help: "Scope that is granted only to a client that requests it by name (repeatable).")
        var onRequest: [String] = []
        @OptionGroup var reach: ScopeReachOptions
        @Option(help: "URL to which its events are pushed.") var eventsEndpoint: String?
        @OptionGroup var keys: KeyOptions
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            let ways = ExclusiveOptions([("The resource identifier", uri != nil), ("--from", from != nil)])
            guard !ways.isEmpty else { throw ValidationError("Missing the resource identifier or --from.") }
            try ways.requireOne()
            guard from != nil || name != nil else { throw ValidationError("Missing --name.") }
            _ = try scopes()
        }

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            var draft = ResourceDraft(
                identifier: uri ?? "", name: name ?? "", owner: owner, scopes: try scopes(), reach: reach.changes,
                eventsEndpoint: eventsEndpoint, keys: try keys.draft())
            if let from { try await PublishedMetadata(from, configuration).complete(&draft, name: name) }
            return .resources(.add(draft))
        }

        /// The scopes in the order of the command line. `--on-request` marks a scope of `--scope`, or adds one.
        private func scopes() throws -> [ResourceDraft.Scope] {
            let marked = onRequest.map(Self.split)
            var all = scope.map(Self.split).map { scope in
                ResourceDraft.Scope(
                    name: scope.name, description: scope.text, onRequest: marked.contains { $0.name == scope.name })
            }
            for (name, text) in marked where !all.contains(where: { $0.name == name }) {
                all.append(ResourceDraft.Scope(name: name, description: text, onRequest: true))
            }
            guard !all.contains(where: { $0.name.isEmpty || $0.description.isEmpty }) else {
                throw ValidationError("Write each scope as NAME=DESCRIPTION, such as 'files:read=Read your files'.")
            }
            return all
        }

        private static func split(_ argument: String) -> (name: String, text: String) {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : parts[0])
        }
    }

    struct List: ListCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the MCP servers by name.")
        @OptionGroup var page: PageOptions
        @OptionGroup var global: GlobalOptions
        var columns: [Column] {
            [
                Column("id"), Column("resource", .link), Column("name"), Column("owner"), Column("scopes"),
                Column("created_at", .time),
            ]
        }

        func request(_ page: PageRequest) -> AdministrationRequest { .resources(.list(page)) }
    }

    struct Show: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show an MCP server: owner, scopes, sessions and policy.")
        @Argument(help: "MCP server (ID or URI).") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .resources(.show(id)) }
    }

    struct RotateSecret: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-secret",
            abstract:
                "Create a new secret for an MCP server; the old secret becomes invalid at once, or after --overlap.")
        @Argument(help: "MCP server (ID or URI).") var id: String
        @Option(help: "How long the old secret works beside the new one, such as 1h; at most 24h.") var overlap: String?
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest {
            .resources(.rotateSecret(id, overlap: overlap))
        }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove an MCP server and revoke its sessions.")
        @Argument(help: "MCP server (ID or URI).") var id: String
        @OptionGroup var revocation: RevocationOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let request = AdministrationRequest.resources(.remove(id, reason: revocation.reason))
            try await revocation.confirm(request, to: "remove the MCP server '\(id)'", configuration)
            return request
        }
    }
}
