import AuthorizationServer

/// Waits for an MCP server that was not there at the start, and adds the scopes of its metadata. Most MCP servers need the
/// variables of this start before they can start themselves.
struct ScopeWatch: Sendable {
    private let url: String
    private let configuration: ServerConfiguration

    private static let pause = Duration.seconds(1)

    init(_ url: String, _ configuration: ServerConfiguration) {
        self.url = url
        self.configuration = configuration
    }

    /// Returns when the scopes are there, or when the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.pause)
            guard let server = try? await PublishedServer(url, configuration), server.metadata != nil else { continue }
            let draft = server.draft([])
            do {
                let request = AdministrationRequest.resources(.addScopes(url, draft.scopes))
                // The server of this process may not listen yet.
                guard try await AdministrationRoute(configuration).sendToServer(request) != nil else { continue }
                let names = draft.scopes.map(\.name).joined(separator: ", ")
                Terminal.print(
                    "The MCP server answers. \(names.isEmpty ? "It has no scopes." : "Its scopes: \(names).")")
                if let remark = server.remark(issuer: configuration.issuer) {
                    Terminal.print(Terminal.sanitised(remark))
                }
            } catch {
                Terminal.printError(Sentence.of(error))
            }
            return
        }
    }
}
