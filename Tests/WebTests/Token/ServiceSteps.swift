import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport

/// A registered client that acts for itself.
struct ServiceClient: Sendable {
    let id: ClientID
    let secret: String
}

extension Harness {
    /// Registers a client that acts for itself at the first MCP server, as `clients add --service` does.
    func addService(
        _ id: String = "nightly", scopes: [String] = ["files:read"],
        method: ClientAuthenticationMethod = .clientSecretBasic, key: AssertionKey? = nil
    ) async throws -> ServiceClient {
        let method = key == nil ? method : .privateKeyJWT
        let draft = ClientDraft(
            id: id, name: "Nightly Report", redirectURIs: [], authMethod: method.rawValue,
            keys: key.map { .set(JSON.object($0.set).text) }, resources: [resource.id.string], serviceScopes: scopes)
        let row = try await administer(.clients(.add(draft))).rows.first
        return ServiceClient(id: try ClientID(id), secret: row?["client_secret"]?.string ?? "")
    }

    /// Permits a client to act for itself at an MCP server, the first one by default.
    @discardableResult
    func permit(
        _ client: ServiceClient, _ scopes: [String], at resource: ResourceID? = nil
    ) async throws -> AdministrationAnswer {
        let name = (resource ?? self.resource.id).string
        return try await administer(
            .clients(.permissions(.set(client: client.id.string, resource: name, scopes: scopes))))
    }

    /// Withdraws the permission of a client at the first MCP server.
    @discardableResult
    func withdraw(_ client: ServiceClient) async throws -> AdministrationAnswer {
        try await administer(
            .clients(.permissions(.withdraw(client: client.id.string, resource: resource.id.string))))
    }

    /// Requests a token for the client itself. In `changes`, nil removes a parameter and a value replaces or adds one.
    func serve(
        _ client: ServiceClient, _ changes: [String: String?] = [:], key: AssertionKey? = nil
    ) async throws -> TestResponse {
        var form: [String: String] = [
            "grant_type": "client_credentials", "resource": resource.identifier.string,
        ]
        for (name, value) in changes { form[name] = value }
        let fields = form.map { ($0.key, $0.value) }
        if let key { return try await send("/token", fields + key.form(of: client.id.string, now: clock.now)) }
        return try await send("/token", fields, basic: (client.id.string, client.secret))
    }

    /// The sessions without a user, oldest first.
    func serviceSessions() async throws -> [Session] { try await sessions().filter { $0.userID == nil } }
}

extension TestResponse {
    /// The claims of the access token in the body, unverified.
    var claims: JSONObject {
        let parts = tokens.access.split(separator: ".")
        let bytes = parts.count == 3 ? Base64URL.decode(String(parts[1])) : nil
        return (try? JSONObject(parsing: bytes ?? [])) ?? [:]
    }
}
