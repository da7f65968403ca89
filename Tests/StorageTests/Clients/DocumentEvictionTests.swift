import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("Eviction of metadata documents", .onEachStore)
struct DocumentEvictionTests {
    private static func document(_ id: String, _ time: Int64) throws -> CachedDocument {
        let time = Timestamp(seconds: time)
        return CachedDocument(
            clientID: try ClientID(id), bytes: [123, 125], digest: .sha256("x"), fetchedAt: time, expiresAt: time,
            lastGoodAt: time)
    }

    @Test func `a document of a client with live sessions is not evicted for another client's`() async throws {
        let world = try await World()
        let own = try Self.document("https://own.example/client.json", 1)
        let session = try await world.active(world.session(client: own.clientID, host: "own.example"))
        try await world.store.write { transaction in
            try transaction.documents.store(own)
            for number in 0..<20 {
                try transaction.documents.store(
                    try Self.document("https://h\(number).example/client.json", 100 + Int64(number)), atMost: 5)
            }
        }
        func kept() async throws -> [String] {
            try await world.store.read { try $0.documents.list().map(\.clientID.string) }
        }
        #expect(try await kept().count == 5)
        #expect(try await kept().contains(own.clientID.string))
        try await world.store.write { transaction in
            _ = try transaction.sessions.end(
                session.id,
                SessionEnding(reason: .revokedByPerson, initiator: .user, actor: .system, at: World.start))
            try transaction.documents.store(try Self.document("https://late.example/client.json", 500), atMost: 5)
        }
        #expect(try await !kept().contains(own.clientID.string), "the oldest one goes once nobody needs it")
    }

    @Test func `a client is known by its document, by its host and by its sessions`() async throws {
        let world = try await World()
        let id = try ClientID("https://own.example:8443/client.json")
        func known(_ id: String) async throws -> [Bool] {
            let found = try await world.store.read { try $0.documents.isKnown(ClientID(id)) }
            return [found.itself, found.host]
        }
        #expect(try await known(id.string) == [false, false])
        try await world.store.write { try $0.documents.store(Self.document(id.string, 1)) }
        #expect(try await known(id.string) == [true, true])
        #expect(try await known("https://own.example:8443/other.json") == [false, true])
        for other in ["https://own.example/client.json", "https://own.example.evil.example:8443/client.json"] {
            #expect(try await known(other) == [false, false])
        }
        let gone = try ClientID("https://gone.example/client.json")
        _ = try await world.active(world.session(client: gone, host: "gone.example"))
        #expect(try await known(gone.string) == [true, true])
    }
}
