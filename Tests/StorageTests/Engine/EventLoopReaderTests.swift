import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Reads on the event loop")
struct EventLoopReaderTests {
    @Test func `a read sees the last commit: of a session, of a secret and of a removal`() async throws {
        let world = try await World()
        let session = try await world.active(try world.session())
        let (store, id) = (world.store, world.resource.id)
        func state() throws -> Session.State? {
            try store.eventLoopReader.read { try $0.sessions.grant(session.id)?.state }
        }
        func digest() throws -> Digest? {
            try store.eventLoopReader.read { try $0.resources.secretDigest(ofServed: id) }
        }
        #expect(try state() == .active)
        _ = try await store.write { try $0.sessions.end(session.id, .byAdmin(at: World.start + 1)) }
        #expect(try state() == .ended)

        #expect(try digest() == .sha256("secret"))
        _ = try await store.write { try $0.resources.setSecret(.sha256("another"), of: id) }
        #expect(try digest() == .sha256("another"))
        _ = try await store.write {
            try $0.resources.remove(resource: id, .byAdmin(at: World.start + 2, .resourceRemoved))
        }
        #expect(try digest() == nil)
        try store.close()
    }

    @Test func `a read cannot write, and fails with a clear error after the store is closed`() async throws {
        let world = try await World()
        let store = world.store
        #expect(throws: StoreError.self) { try store.eventLoopReader.read { try $0.clock.advance(to: 1) } }
        let last = try await store.read { try $0.clock.last() }
        #expect(last == nil)
        try store.close()
        #expect(throws: StoreError.closed) { try store.eventLoopReader.read { try $0.clock.last() } }
    }

    @Test func `statements take text, integers, bytes and null unchanged, and refuse another number of values`()
        async throws
    {
        let world = try await World()
        let (text, number, bytes) = ("a\u{0301}\"'\u{0}z", Int64.min, [UInt8](0...255))
        let store = world.store
        try store.eventLoopReader.read { tx in
            let row = try tx.first("SELECT ?1, ?2, ?3, ?4, ?5, ?6", text, number, bytes, nil, "", [UInt8]()) { row in
                let read = (try row.text(0), try row.integer(1), try row.bytes(2), try row.textIfAny(3))
                #expect(read.0.utf8.elementsEqual(text.utf8))
                #expect(read.1 == number)
                #expect(read.2 == bytes)
                #expect(read.3 == nil)
                let empty = (try row.text(4), try row.bytes(5))
                #expect(empty.0 == "")
                #expect(empty.1 == [])
                #expect(throws: StoreError.self) { try row.text(1) }
                #expect(throws: StoreError.self) { try row.integer(0) }
                #expect(throws: StoreError.self) { try row.bytes(3) }
                return true
            }
            #expect(row == true)
            #expect(throws: StoreError.self) { try tx.first("SELECT ?1", as: { _ in true }) }
            #expect(throws: StoreError.self) { try tx.first("SELECT ?1", "a", "b", as: { _ in true }) }
        }
        try store.close()
    }
}
