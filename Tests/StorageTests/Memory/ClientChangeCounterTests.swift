import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("The count of changes to clients", .onEachStore)
struct ClientChangeCounterTests {
    @Test func `every change to a client or a rule is counted, and nothing else is`() async throws {
        let folder = try TemporaryFolder()
        let store = try folder.store()
        let id = try ClientID("quill")
        let now = Timestamp(seconds: 1_000)
        var seen = store.clientsVersion
        func changed() -> Bool {
            defer { seen = store.clientsVersion }
            return seen != store.clientsVersion
        }
        try await store.write { try $0.clock.advance(to: now.seconds) }
        #expect(!changed())
        try await store.write {
            _ = try $0.clients.insert(RegisteredClient(id: id, name: "Quill", redirectURIs: [], createdAt: now))
        }
        #expect(changed())
        try await store.write { try $0.clientRules.set(ClientRule(.client(id), .block, createdAt: now)) }
        #expect(changed())
        _ = try await store.write { try $0.clientRules.remove(about: .client(id)) }
        #expect(changed())
        _ = try await store.write { try $0.clients.remove(client: id, .byAdmin(at: now, .clientRemoved)) }
        #expect(changed())
        try store.close()
    }
}
