import ArgumentParser
import AuthorizationServer
import JOSE

/// `gatehouse resources edit`: what an MCP server is called, who owns it, and which scopes it has.
struct ResourceEditCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Change name, owner, scopes or events endpoint of an MCP server.",
        discussion: """
            Whatever is not given stays unchanged, and so do live sessions, except where a scope is withdrawn: they lose it at \
            once, also if it is added again later, and a session that has no other scope is revoked. The command first shows \
            how many, and asks. A scope cannot be renamed: add the new one and withdraw the old one. The identifier of an MCP \
            server cannot change, because tokens contain it.

            --from adds the scopes that the metadata names and the MCP server lacks. It withdraws none.
            """)
    @Argument(help: "MCP server (ID or URI).") var id: String
    @Option(help: "Name shown to users.") var name: String?
    @Option(help: "Accountable owner, such as a team.") var owner: String?
    @OptionGroup var scopes: ScopeEditOptions
    @Option(help: "URL of the protected resource metadata (RFC 9728) whose scopes are added.") var from: String?
    @Option(help: "URL to which its events are pushed; '' if it polls.") var eventsEndpoint: String?
    @Flag(help: "Show what would change, and change nothing.") var dryRun = false
    @OptionGroup var revocation: RevocationOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard name != nil || owner != nil || from != nil || eventsEndpoint != nil || !scopes.isEmpty else {
            throw ValidationError("Missing what to change, such as --owner or --scope.")
        }
        _ = try scopes.changes()
    }

    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
        var change = ResourceChange(
            name: name, owner: owner, scopes: try scopes.changes(), withdrawn: scopes.withdraw,
            eventsEndpoint: eventsEndpoint)
        if let from { try await PublishedMetadata(from, configuration).complete(&change) }
        func request(isDryRun: Bool) -> AdministrationRequest {
            .resources(.edit(id, change, reason: revocation.reason, isDryRun: isDryRun))
        }
        if !dryRun, !revocation.yes, from != nil || !change.withdrawn.isEmpty {
            try confirm(try await AdministrationRoute(configuration).send(request(isDryRun: true)))
        }
        return request(isDryRun: dryRun)
    }

    /// Shows the changes and what they do to sessions, and asks; nothing that changes nothing needs an answer.
    private func confirm(_ preview: AdministrationAnswer) throws {
        guard let row = preview.rows.first, row["changes"]?.array?.isEmpty == false else { return }
        let affected = ["sessions_narrowed", "sessions_ended"].contains { (row[$0]?.integer ?? 0) > 0 }
        guard affected || from != nil else { return }
        let lines = ChangeLines.of(row) + [preview.note].compactMap(\.self)
        try Confirmation(
            lines: lines.map(Terminal.sanitised), question: "Change the MCP server '\(id)'?",
            purpose: "change the MCP server '\(id)'", declined: "Nothing was changed."
        ).obtain()
    }

    func displayed(_ row: JSONObject) -> JSONObject { ChangeLines.displayed(row) }
}

/// The member `changes` of a row, in lines.
enum ChangeLines {
    static func of(_ row: JSONObject) -> [String] {
        (row["changes"]?.array ?? []).compactMap(\.object).map { change in
            let field = change["field"]?.string ?? ""
            return switch (change["from"]?.string, change["to"]?.string) {
            case (let before?, let after?): "\(field): \(before) → \(after)"
            case (nil, let after?): "\(field): added, \(after)"
            case (_, nil): "\(field): removed"
            }
        }
    }

    static func displayed(_ row: JSONObject) -> JSONObject {
        var row = row
        row["changes"] = .strings(of(row))
        return row
    }
}

/// The changes of scopes on a command line.
struct ScopeEditOptions: ParsableArguments {
    @Option(help: "Scope to add, or to describe anew, such as 'files:read=Read your files' (repeatable).")
    var scope: [String] = []
    @Option(
        help: """
            Scope that from now on is granted only to a client that requests it by name; with a description it can be new \
            (repeatable).
            """)
    var onRequest: [String] = []
    @Option(help: "Scope that from now on every client gets that requests none by name (repeatable).")
    var byDefault: [String] = []
    @Option(help: "Scope to withdraw (repeatable). Sessions lose it; one without another scope is revoked.")
    var withdraw: [String] = []

    var isEmpty: Bool { scope.isEmpty && onRequest.isEmpty && byDefault.isEmpty && withdraw.isEmpty }

    /// The scopes in the order of the command line, each once.
    func changes() throws -> [ResourceChange.Scope] {
        var changes: [ResourceChange.Scope] = []
        func change(_ argument: String, onRequest: Bool?) throws {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard !parts[0].isEmpty, parts.count == 1 || !parts[1].isEmpty else {
                throw ValidationError("Write each scope as NAME=DESCRIPTION, such as 'files:read=Read your files'.")
            }
            let index = changes.firstIndex { $0.name == parts[0] } ?? changes.endIndex
            if index == changes.endIndex { changes.append(ResourceChange.Scope(name: parts[0])) }
            if parts.count > 1 { changes[index].description = parts[1] }
            if let onRequest { changes[index].onRequest = onRequest }
        }
        for argument in scope {
            guard argument.contains("=") else {
                throw ValidationError("Write each scope as NAME=DESCRIPTION, such as 'files:read=Read your files'.")
            }
            try change(argument, onRequest: nil)
        }
        for argument in onRequest { try change(argument, onRequest: true) }
        for argument in byDefault {
            guard !onRequest.contains(where: { $0.split(separator: "=").first.map(String.init) == argument }) else {
                throw ValidationError("Scope '\(argument)' is given to both --on-request and --by-default.")
            }
            try change(argument, onRequest: false)
        }
        return changes
    }
}
