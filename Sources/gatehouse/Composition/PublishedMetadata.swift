import AuthorizationServer
import JOSE
import OAuth
import Outbound

/// What an MCP server says about itself in its own RFC 9728 document, read once when an operator registers it.
struct PublishedMetadata {
    private let metadata: ProtectedResourceMetadata

    init(_ address: String, _ configuration: ServerConfiguration) async throws {
        let url = try RemoteURL(operator: address)
        let client = OperatorClient(roots: try TrustRoots(additionalFiles: configuration.trust))
        defer { client.close() }
        let response = try await client.get(url, fields: [("Accept", "application/json")])
        guard response.status == 200 else {
            throw Refusal("\(address) answered \(response.status), not a metadata document; check the URL")
        }
        guard let document = try? JSONObject(parsing: response.body),
            let metadata = try? ProtectedResourceMetadata(json: document)
        else { throw Refusal("\(address) is not a protected resource metadata document (RFC 9728)") }
        self.metadata = metadata
    }

    /// Fills what the operator left open; what the operator wrote holds.
    func complete(_ draft: inout ResourceDraft, name: String?) throws {
        draft.identifier = metadata.resource
        draft.name = name ?? metadata.resourceName ?? metadata.resource
        let known = draft.scopes.map(\.name)
        draft.scopes += metadata.scopesSupported.filter { !known.contains($0) && $0 != "offline_access" }.map {
            ResourceDraft.Scope(name: $0, description: $0, onRequest: false)
        }
    }
}
