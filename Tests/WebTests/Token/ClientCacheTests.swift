import AuthorizationServer
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("Clients that are kept in memory")
struct ClientCacheTests {
    @Test func `a registered client is read once, and again after a change to clients`() async throws {
        try await Harness.run { h in
            let (clients, store, id) = (h.gatehouse.clients, h.gatehouse.store, h.registered.id)
            _ = try await clients.named(id)
            let rule = ClientRule(.client(id), .block, createdAt: h.clock.now)
            try await store.write { try $0.clientRules.set(rule) }
            await #expect(throws: OAuthError.self) { try await clients.named(id) }
            _ = try await store.write { try $0.clientRules.remove(about: .client(id)) }
            #expect(try await clients.named(id).id == id)
            try store.close()
            #expect(try await clients.named(id).id == id)
        }
    }

    @Test func `a client that was removed is unknown to the next request`() async throws {
        try await Harness.run { h in
            let (clients, store, id) = (h.gatehouse.clients, h.gatehouse.store, h.registered.id)
            #expect(try await clients.named(id).id == id)
            let ending = SessionEnding.byAdmin(at: h.clock.now, .clientRemoved)
            _ = try await store.write { try $0.clients.remove(client: id, ending) }
            await #expect(throws: OAuthError.self) { try await clients.named(id) }
        }
    }

    @Test func `a client with a document has no record to keep`() async throws {
        try await Harness.run { h in
            let id = try ClientID("https://app.example/client.json")
            _ = try await h.gatehouse.clients.named(id)
            try h.gatehouse.store.close()
            await #expect(throws: StoreError.self) { try await h.gatehouse.clients.named(id) }
        }
    }
}
