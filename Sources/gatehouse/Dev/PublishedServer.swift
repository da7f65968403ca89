import AuthorizationServer
import MCPClient
import OAuth
import Outbound

/// An MCP server that a developer wants to try, as far as it can be reached.
struct PublishedServer {
    /// The URL that the developer gave.
    let url: String
    /// Nil while the MCP server does not answer.
    let metadata: ProtectedResourceMetadata?

    init(_ url: String, _ configuration: ServerConfiguration) async throws {
        self.url = url
        let client = OperatorClient(roots: try TrustRoots(additionalFiles: configuration.outboundTrust))
        defer { client.close() }
        _ = try ResourceIdentifier(url)
        let lookup = try ProtectedResourceLookup(url, by: client)
        let answer = try? await lookup.knock()
        let challenge = ReceivedChallenge.forTokens(in: answer?.values(of: "www-authenticate") ?? [])
        metadata = try? await lookup.metadata(challenge).metadata
    }

    /// The MCP server as it is to be registered. A scope of the command line takes precedence.
    func draft(_ given: [ResourceDraft.Scope]) -> ResourceDraft {
        let published = (metadata?.scopesSupported ?? []).filter { name in
            name != Scope.offlineAccess.string && !given.contains { $0.name == name }
        }
        return ResourceDraft(
            identifier: metadata?.resource ?? url, name: metadata?.resourceName ?? "MCP server", owner: "developer",
            scopes: given + published.map { ResourceDraft.Scope(name: $0, description: $0, onRequest: false) })
    }

    /// What the developer has to know, in a sentence; nil if all is well.
    func remark(issuer: String) -> String? {
        guard let metadata else {
            return "The MCP server does not answer yet. Its scopes are added when its metadata is there."
        }
        if metadata.resource != url {
            return "The MCP server calls itself \(metadata.resource), so that its clients have to use that URL."
        }
        guard metadata.authorizationServers.contains(issuer) else {
            return
                "The metadata of the MCP server does not name \(issuer) in authorization_servers, so that its clients sign in "
                + "elsewhere. Start it with the variables above."
        }
        return nil
    }
}
