import ArgumentParser
import AuthorizationServer

/// MCP servers that delegate to this Gatehouse.
struct Resources: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resources", abstract: "MCP servers that delegate to this Gatehouse.",
        subcommands: [
            Add.self, List.self, Show.self, ResourcePolicyCommand.self, RotateSecret.self, Remove.self,
        ])

    struct Add: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Register an MCP server; prints its credentials once.")
        @Argument(help: "The resource identifier, exactly as the MCP server spells it.") var uri: String?
        @Option(help: "Read identifier, name and scopes from this RFC 9728 document.") var from: String?
        @Option(help: "What people call it.") var name: String?
        @Option(help: "Who answers for it: a person or a team.") var owner: String
        @Option(help: "A scope with the text that people read, such as 'files:read=Read your files'; repeatable.")
        var scope: [String] = []
        @Option(help: "A scope that only a client gets that asks for it by name; repeatable.")
        var onRequest: [String] = []
        @OptionGroup var reach: ScopeReachOptions
        @Option(help: "Where its events are pushed.") var eventsEndpoint: String?
        @OptionGroup var global: GlobalOptions

        func validate() throws {
            let ways = ExclusiveOptions([("The MCP server's URI", uri != nil), ("--from", from != nil)])
            guard !ways.isEmpty else {
                throw ValidationError("Name the MCP server's URI, or --from with the URL of its metadata document.")
            }
            try ways.requireOne()
            guard from != nil || name != nil else { throw ValidationError("Say --name, what people call it.") }
            _ = try scopes()
        }

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            var draft = ResourceDraft(
                identifier: uri ?? "", name: name ?? "", owner: owner, scopes: try scopes(), reach: reach.changes,
                eventsEndpoint: eventsEndpoint)
            if let from { try await PublishedMetadata(from, configuration).complete(&draft, name: name) }
            return .resources(.add(draft))
        }

        /// The scopes in the order they were written; `--on-request` marks one, or names one of its own.
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
                throw ValidationError("Write each scope as NAME=TEXT, such as 'files:read=Read your files'.")
            }
            return all
        }

        private static func split(_ argument: String) -> (name: String, text: String) {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : parts[0])
        }
    }

    struct List: ListCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the MCP servers, by name.")
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
            abstract: "Describe an MCP server: its owner, its scopes, its sessions, and all that it may do.")
        @Argument(help: "Its id or its URI.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .resources(.show(id)) }
    }

    struct RotateSecret: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-secret", abstract: "Give an MCP server a new secret; the old one stops at once.")
        @Argument(help: "Its id or its URI.") var id: String
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .resources(.rotateSecret(id)) }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove an MCP server and end its sessions.")
        @Argument(help: "Its id or its URI.") var id: String
        @OptionGroup var ending: RevocationOptions
        @OptionGroup var global: GlobalOptions

        func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
            let request = AdministrationRequest.resources(.remove(id, reason: ending.reason))
            try await ending.confirm(request, configuration)
            return request
        }
    }
}
