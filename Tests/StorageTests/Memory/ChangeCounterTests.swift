import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("The counts of changes", .onEachStore)
struct ChangeCounterTests {
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
        let redirect = AllowedRedirect(try RedirectPattern("https://app.example/cb"), createdAt: now)
        #expect(try await store.write { try $0.allowedRedirects.insert(redirect) })
        #expect(changed())
        #expect(try await store.write { try $0.allowedRedirects.remove("https://app.example/cb") })
        #expect(changed())
        let document = CachedDocument(
            clientID: try ClientID("https://app.example/client.json"), bytes: [], digest: .sha256(""), fetchedAt: now,
            expiresAt: now + 60, lastGoodAt: now)
        try await store.write { try $0.documents.store(document) }
        #expect(changed())
        #expect(try await store.write { try $0.documents.expire(document.clientID, now: now) })
        #expect(changed())
        #expect(try await store.write { try $0.documents.forget(document.clientID) })
        #expect(changed())
        let own = DynamicClient(
            id: try .ofOneRegistrant(), metadata: Array("{}".utf8), registrationTokenDigest: .sha256("1"), network: "",
            registeredAt: now)
        _ = try await store.write { try $0.dynamicClients.register(own) }
        seen = store.clientsVersion
        let next = Digest.sha256("2")
        #expect(
            try await store.write {
                try $0.dynamicClients.update(own.id, metadata: own.metadata, registrationTokenDigest: next)
            })
        #expect(changed())
        #expect(
            try await store.read { try $0.dynamicClients.find(own.id) }?.registrationTokenDigest == next)
        _ = try await store.write { try $0.dynamicClients.remove(client: own.id, .byAdmin(at: now, .clientRemoved)) }
        #expect(changed())
        try store.close()
    }
}
