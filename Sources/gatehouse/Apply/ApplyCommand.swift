import ArgumentParser
import AuthorizationServer
import JOSE

/// `gatehouse apply`: the managed configuration from a file.
struct ApplyCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Change MCP servers, clients, providers, groups and rules to what a file says.",
        discussion: """
            The file has the sections identity_providers, groups, resources, providers, clients and rules, in the form that 'gatehouse export-config' prints. A \
            section, and a member of an object that exists, stays as it is if the file does not have it. Everything is checked \
            first and changed in one transaction; the same file again changes nothing.

            --prune also removes what a section of the file leaves out, and the scopes of an \
            MCP server whose scopes the file lists. Whenever sessions would be revoked or something removed, the command shows \
            it and asks.

            A secret is generated and printed once, or stands in a file of its own that the member client_secret_file names.
            """)
    @Argument(help: "YAML file; '-' for standard input.") var file: String
    @Flag(help: "Remove what the sections of the file leave out.") var prune = false
    @Flag(help: "Show what would change, and change nothing.") var dryRun = false
    @OptionGroup var revocation: RevocationOptions
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) async throws -> AdministrationRequest {
        let document = try ConfigurationDocument(contentsOf: file)
        var draft = ApplyDraft(
            document: JSON.object(document.json).text, prunes: prune, isDryRun: true, reason: revocation.reason)
        guard !dryRun else { return .configuration(.apply(draft)) }
        if !revocation.yes {
            let preview = try await AdministrationRoute(configuration).send(.configuration(.apply(draft)))
            draft.expected = preview.rows.first?["fingerprint"]?.string
            try confirm(preview)
        }
        draft.isDryRun = false
        return .configuration(.apply(draft))
    }

    /// Shows what would change and asks, if something would be taken away.
    private func confirm(_ preview: AdministrationAnswer) throws {
        guard let row = preview.rows.first else { return }
        let (ended, narrowed) = (row["sessions_ended"]?.integer ?? 0, row["sessions_narrowed"]?.integer ?? 0)
        let entries = (row["changes"]?.array ?? []).compactMap(\.object)
        let removes = entries.contains { entry in
            entry["change"]?.string == "removed"
                || entry["change"]?.string == "changed"
                    && (entry["changes"]?.array ?? []).contains { $0.object?["narrows"] == true }
        }
        let replaces = row["secrets_replaced"]?.array?.isEmpty == false
        let others = row["other_effects"]?.strings ?? []
        guard ended > 0 || narrowed > 0 || removes || replaces || !others.isEmpty else { return }
        func sessions(_ count: Int64) -> String { "\(count) session\(count == 1 ? "" : "s")" }
        let lines =
            AppliedLines.of(row) + others
            + ["\(sessions(ended)) would be revoked, and \(sessions(narrowed)) would lose a scope."]
        try Confirmation(
            lines: lines.map(Terminal.sanitised), question: "Apply \(file)?",
            purpose: ended == 0 ? "apply it" : "apply it and revoke \(sessions(ended))",
            declined: "Nothing was changed."
        ).obtain()
    }

    func displayed(_ row: JSONObject) -> JSONObject {
        var row = row
        row["changes"] = .strings(AppliedLines.of(row))
        row["fingerprint"] = nil
        return row
    }
}

/// The changes of a document, a line each.
enum AppliedLines {
    static func of(_ row: JSONObject) -> [String] {
        (row["changes"]?.array ?? []).compactMap(\.object).flatMap { entry in
            let name = "\(entry["kind"]?.string ?? "") \(entry["name"]?.string ?? "")"
            switch entry["change"]?.string {
            case "removed": return ["- \(name)"]
            case "added":
                return ["+ \(name)"] + ChangeLines.of(entry).map { "    \($0.replacing(": added, ", with: ": "))" }
            default: return ["~ \(name)"] + ChangeLines.of(entry).map { "    \($0)" }
            }
        }
    }
}

/// `gatehouse export-config`: the managed configuration as a file for `gatehouse apply`.
struct ExportConfigurationCommand: AdministrationCommand {
    static let configuration = CommandConfiguration(
        commandName: "export-config",
        abstract: "Print MCP servers, clients, providers, groups and rules as YAML for 'gatehouse apply'.",
        discussion: "The output contains no secrets. Users, their groups and sessions are not part of it.")
    @OptionGroup var global: GlobalOptions

    func request(_ configuration: ServerConfiguration) -> AdministrationRequest { .configuration(.export) }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let answer = try await AdministrationRoute(configuration).send(request(configuration))
        let document = answer.rows.first ?? JSONObject()
        Terminal.print(global.json ? JSON.object(document).text : try Self.text(document))
    }

    private static func text(_ document: JSONObject) throws -> String {
        let text = try ConfigurationDocument.yaml(document)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
