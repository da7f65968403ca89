import AuthorizationServer
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("Permissions of clients that act for themselves")
struct ClientPermissionTests {
    private func refusal(_ body: () async throws -> some Any) async -> String? {
        do {
            _ = try await body()
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `a client ID that begins as the subjects of users do is refused`() async throws {
        try await Harness.run { h in
            let id = h.user.subject.string
            for name in [id, "sub_x"] {
                #expect(await refusal { try await h.addService(name) }?.contains("begins with 'sub_'") == true)
                let draft = ClientDraft(
                    id: name, name: "N", redirectURIs: [Harness.redirect], authMethod: "none", resources: [])
                #expect(await refusal { try await h.administer(.clients(.add(draft))) }?.contains("sub_") == true)
            }
            // One of an earlier version keeps working for users, and gets no permission.
            let secret = ClientSecret.random()
            let old = try await h.register(id, redirects: [Harness.redirect], secret: secret)
            let service = ServiceClient(id: old.id, secret: secret.reveal())
            #expect(await refusal { try await h.permit(service, ["files:read"]) }?.contains("sub_") == true)
            let permissions = try await h.gatehouse.store.read { try $0.clientPermissions.list(of: old.id) }
            #expect(permissions.isEmpty)
        }
    }

    @Test func `a permission names scopes that the MCP server has`() async throws {
        try await Harness.run { h in
            let unknown = await refusal { try await h.addService(scopes: ["files:read", "files:burn"]) }
            #expect(unknown?.contains("no scope 'files:burn'") == true)
            #expect(unknown?.contains("files:read, files:list, files:write") == true)
            #expect(await refusal { try await h.addService(scopes: []) }?.contains("--scope") == true)
            let left = try await h.gatehouse.store.read { try $0.clients.find(ClientID("nightly")) }
            #expect(left == nil)
        }
    }

    @Test func `only registered clients have permissions`() async throws {
        try await Harness.run { h in
            let nobody = ServiceClient(id: try ClientID("nobody"), secret: "")
            #expect(await refusal { try await h.permit(nobody, ["files:read"]) }?.contains("not found") == true)
            let document = ServiceClient(id: try ClientID("https://app.example/client.json"), secret: "")
            #expect(await refusal { try await h.permit(document, ["files:read"]) } != nil)
        }
    }

    @Test func `show lists permissions, and each change leaves a record`() async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            let other = try await h.addServer("https://other.example/mcp", scopes: ["a", "b"])
            try await h.permit(client, ["a"], at: other.resource.id)
            try await h.permit(client, ["b"], at: other.resource.id)
            let shown = try await h.administer(.clients(.permissions(.show(client: "nightly")))).rows
            #expect(shown.map { $0["scope"]?.string } == ["files:read", "b"])
            let reach = try await h.administer(.resources(.show(h.resource.id.string))).rows[0]
            #expect(reach["permitted_clients"] == ["nightly: files:read"])
            let row = try await h.administer(.clients(.show("nightly"))).rows[0]
            #expect(row["permissions"]?.array?.count == 2 && row["redirect_uris"]?.array == [])
            #expect(try await h.records(.clientPermitted).map(\.reason) == ["b", "a", "files:read"])
            try await h.withdraw(client)
            #expect(try await h.records(.clientPermissionWithdrawn).map(\.resource) == [h.resource.id])
            try await h.administer(.resources(.remove(other.resource.id.string)))
            #expect(try await h.administer(.clients(.permissions(.show(client: "nightly")))).rows.isEmpty)
        }
    }

    @Test func `a removed client loses its permissions`() async throws {
        try await Harness.run { h in
            let client = try await h.addService()
            try await h.administer(.clients(.remove("nightly")))
            let left = try await h.gatehouse.store.read { try $0.clientPermissions.list(of: client.id) }
            #expect(left.isEmpty)
            let again = try await h.register("nightly", redirects: [Harness.redirect], secret: ClientSecret.random())
            let inherited = try await h.gatehouse.store.read { try $0.clientPermissions.list(of: again.id) }
            #expect(inherited.isEmpty)
        }
    }
}
