import ArgumentParser
import AuthorizationServer

/// The scopes of an MCP server on a command line.
struct ScopeOptions: ParsableArguments {
    @Option(help: "Scope with its description, such as 'files:read=Read your files' (repeatable).")
    var scope: [String] = []
    @Option(help: "Scope that is granted only to a client that requests it by name (repeatable).")
    var onRequest: [String] = []

    /// The scopes in the order of the command line. `--on-request` marks a scope of `--scope`, or adds one.
    func drafts() throws -> [ResourceDraft.Scope] {
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
