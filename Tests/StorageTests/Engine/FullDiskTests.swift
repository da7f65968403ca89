import Foundation
import TestSupport
import Testing

@testable import Storage

@Suite("A full disk")
struct FullDiskTests {
    private let folder: TemporaryFolder
    private let store: Store

    init() throws {
        folder = try TemporaryFolder()
        store = try folder.store()
    }

    private static func fill(_ tx: Transaction) throws {
        _ = try tx.pragma("max_page_count = \(try tx.pragma("page_count") ?? 0)")
        for index in 0..<2_000 { try tx.note("filler \(index) " + String(repeating: "x", count: 1_000)) }
    }

    @Test func `in a group it fails the member that met it, and the others are committed alone`() async throws {
        let results = try await store.grouped([
            { try $0.note("before") }, { try Self.fill($0) }, { try $0.note("after") },
        ])
        #expect(isError(results[1], .diskFull))
        #expect(try await store.noted("before") == 1)
        #expect(try await store.noted("after") == 1)
        #expect(try await store.read { try $0.first("SELECT count(*) FROM meta") { try $0.integer(0) } } == 2)
    }

    @Test func `reads go on, writes fail with diskFull, and succeed when space is free again`() async throws {
        try await store.write { try $0.note("kept") }
        for _ in 0..<3 { await #expect(throws: StoreError.diskFull) { try await store.write { try Self.fill($0) } } }
        #expect(try await store.noted("kept") == 1)
        _ = try await store.write { try $0.pragma("max_page_count = 100000") }
        try await store.write { try $0.note("again") }
        #expect(try await store.noted("again") == 1)
    }

    @Test func `a member that swallows the error cannot write outside of the transaction`() async throws {
        await #expect(throws: StoreError.diskFull) {
            try await store.write { tx in
                do { try Self.fill(tx) } catch {}
                try tx.note("outside")
            }
        }
        #expect(try await store.noted("outside") == nil)
    }

    @Test(.enabled(if: SmallDisk.isPossible))
    func `a full disk loses no acknowledged write`() async throws {
        let disk = try SmallDisk(megabytes: 3)
        defer { disk.unmount() }
        let store = try Store(path: disk.path + "/gatehouse.sqlite", options: .init(create: true))
        var acknowledged = 0
        var refused: StoreError?
        while refused == nil, acknowledged < 10_000 {
            let index = acknowledged
            do {
                try await store.write { try $0.note("\(index) " + String(repeating: "y", count: 2_000)) }
                acknowledged += 1
            } catch {
                refused = error as? StoreError
            }
        }
        #expect(refused == .diskFull)
        let kept = try await store.read { try $0.first("SELECT count(*) FROM meta") { try $0.integer(0) } }
        #expect(kept == Int64(acknowledged))
        #expect(acknowledged > 10)
        #expect(try await store.check() == [])
    }
}
