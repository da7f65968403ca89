import AuthorizationServer
import JOSE
import OAuth
import Outbound

/// The protected resource metadata of an MCP server (RFC 9728), read once when an operator registers or edits it with `--from`.
struct PublishedMetadata {
    private let metadata: ProtectedResourceMetadata

    init(_ address: String, _ configuration: ServerConfiguration) async throws {
        let url = try RemoteURL(operator: address)
        let client = OperatorClient(
            roots: try TrustRoots(additionalFiles: configuration.outboundTrust),
            proxy: configuration.outboundProxyInUse)
        defer { client.close() }
        let response = try await client.get(url, fields: [("Accept", "application/json")])
        guard response.status == 200 else {
            throw CommandError(
                "\(address) answered with status \(response.status). Check the URL of the metadata document.")
        }
        guard let document = try? JSONObject(parsing: response.body),
            let metadata = try? ProtectedResourceMetadata(json: document)
        else { throw CommandError("\(address) is not a protected resource metadata document (RFC 9728).") }
        self.metadata = metadata
    }

    /// Adds the identifier that the metadata must be of, and its scopes; those that the MCP server has stay as they are.
    func complete(_ change: inout ResourceChange) {
        change.identifier = metadata.resource
        let named = change.scopes.map(\.name) + change.withdrawn + ["offline_access"]
        change.scopes += metadata.scopesSupported.filter { !named.contains($0) }.map { ResourceChange.Scope(name: $0) }
    }

    /// Fills in what the command line left out. The command line takes precedence.
    func complete(_ draft: inout ResourceDraft, name: String?) throws {
        draft.identifier = metadata.resource
        draft.name = name ?? metadata.resourceName ?? metadata.resource
        let known = draft.scopes.map(\.name)
        draft.scopes += metadata.scopesSupported.filter { !known.contains($0) && $0 != "offline_access" }.map {
            ResourceDraft.Scope(name: $0, description: $0, onRequest: false)
        }
    }
}
