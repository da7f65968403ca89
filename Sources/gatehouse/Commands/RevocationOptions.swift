import ArgumentParser
import AuthorizationServer

/// What a command takes that ends sessions besides what it is for.
struct RevocationOptions: ParsableArguments {
    @Option(help: "Why, for the audit record.") var reason: String?
    @Flag(help: "Do not ask.") var yes = false

    /// Shows a person the live sessions that a request would end, and asks. Where it would end none, nothing is asked; a script
    /// whose request would end some has to say `--yes`.
    func confirm(_ request: AdministrationRequest, _ configuration: ServerConfiguration) async throws {
        guard !yes else { return }
        let preview = try await AdministrationRoute(configuration).send(.preview(request))
        guard !preview.rows.isEmpty else { return }
        let count = preview.note?.split(separator: ",").first.map(String.init) ?? "live sessions"
        let shown = Presentation(columns: Sessions.columns, json: false).text(preview, width: Terminal.width)
        try Confirmation(
            lines: shown, question: "Go on and end all of it?",
            purpose: "go on and end \(count.last == "." ? String(count.dropLast()) : count)",
            declined: "Nothing was changed, and nothing was ended."
        ).obtain()
    }
}
