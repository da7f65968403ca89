import Foundation
import GRDB
import TestSupport
import Testing

@testable import Storage

@Suite("Grouped, durable commits")
struct GroupCommitTests {
    private let folder: TemporaryFolder
    private let store: Store

    init() throws {
        folder = try TemporaryFolder()
        store = try folder.store()
    }

    @Test func `the writer commits with synchronous FULL, foreign keys and no automatic checkpoint`() async throws {
        let settings = try await store.write { tx in
            try ["synchronous", "foreign_keys", "wal_autocheckpoint", "trusted_schema", "cell_size_check"]
                .map { try tx.pragma($0) }
        }
        #expect(settings == [2, 1, 0, 0, 1])
    }

    @Test func `readers cannot write`() async throws {
        #expect(try await store.read { try $0.pragma("query_only") } == 1)
        await #expect(throws: (any Error).self) { try await store.read { try $0.note("from a reader") } }
    }

    @Test func `two hundred parallel writers are all committed`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 { group.addTask { [store] in try await store.write { try $0.note("w\(index)") } } }
            try await group.waitForAll()
        }
        #expect(try await store.read { try $0.first("SELECT count(*) FROM meta") { try $0.integer(0) } } == 200)
    }

    @Test func `a member that throws undoes its own work and no other member's`() async throws {
        let results = try await store.grouped([
            { try $0.note("before") },
            { tx in
                try tx.note("undone")
                throw Refused()
            },
            { try $0.note("after") },
        ])
        #expect(throws: Refused.self) { try results[1].get() }
        #expect(try await store.noted("before") == 1)
        #expect(try await store.noted("undone") == nil)
        #expect(try await store.noted("after") == 1)
    }

    @Test func `a constraint that refuses one member does not affect the others`() async throws {
        let results = try await store.grouped([
            { try $0.note("same") }, { try $0.note("same", 2) }, { try $0.note("b") },
        ])
        guard case .failure(let error) = results[1], case StoreError.constraint? = error as? StoreError else {
            Issue.record("the second member should be refused by the schema")
            return
        }
        #expect(try await store.noted("same") == 1)
        #expect(try await store.noted("b") == 1)
    }

    @Test func `no caller resumes before the commit of the group returned`() async throws {
        let resumed = Flag()
        let seenEarly = Flag()
        let (gate, holder) = await store.held()
        let first = Task {
            try await store.write { try $0.note("first") }
            resumed.raise()
        }
        await eventually { store.waitingWrites == 1 }
        let second = Task {
            try await store.write { _ in
                // Give a wrongly resumed neighbour every chance to be seen.
                for _ in 0..<1_000 { sched_yield() }
                if resumed.isRaised { seenEarly.raise() }
            }
        }
        await eventually { store.waitingWrites == 2 }
        gate.signal()
        try await holder.value
        try await first.value
        try await second.value
        #expect(!seenEarly.isRaised)
    }

    @Test func `a client that hangs up does not cancel the other writes of the group`() async throws {
        let gate = DispatchSemaphore(value: 0)
        let inside = DispatchSemaphore(value: 0)
        let hangsUp = Task {
            try await store.write { tx in
                try tx.note("hung up")
                inside.signal()
                gate.wait()
                try tx.note("hung up, later")
            }
        }
        await withCheckedContinuation { done in
            DispatchQueue.global().async {
                inside.wait()
                done.resume()
            }
        }
        let neighbour = Task { try await store.write { try $0.note("neighbour") } }
        await eventually { store.waitingWrites == 1 }
        hangsUp.cancel()
        gate.signal()
        try await hangsUp.value
        try await neighbour.value
        #expect(try await store.noted("hung up, later") == 1)
        #expect(try await store.noted("neighbour") == 1)
    }

    @Test func `a full queue refuses a write at once with busy`() async throws {
        let folder = try TemporaryFolder()
        let store = try folder.store(queue: 2)
        let (gate, holder) = await store.held()
        var waiting: [Task<Void, any Error>] = []
        while waiting.count < 2 {
            let before = store.waitingWrites
            let index = waiting.count
            waiting.append(Task { try await store.write { try $0.note("waits \(index)") } })
            await eventually { store.waitingWrites > before }
        }
        await #expect(throws: StoreError.busy) { try await store.write { try $0.note("one too many") } }
        gate.signal()
        try await holder.value
        for task in waiting { try await task.value }
        #expect(try await store.noted("one too many") == nil)
    }

    @Test func `after a failed fsync the group fails and no further write is accepted, and reads go on`()
        async throws
    {
        try await store.write { try $0.note("earlier") }
        let results = try await store.grouped([
            { try $0.note("with it") },
            { _ in throw DatabaseError(resultCode: .SQLITE_IOERR_FSYNC) },
        ])
        for result in results {
            guard case .failure(let error) = result, case StoreError.failed? = error as? StoreError else {
                Issue.record("every member should hear that the database failed")
                continue
            }
        }
        await #expect(throws: StoreError.self) { try await store.write { try $0.note("later") } }
        #expect(try await store.noted("earlier") == 1)
        #expect(try await store.noted("with it") == nil)
    }

    @Test func `a closed store refuses writes, and one file has everything that was written`() async throws {
        try await store.write { try $0.note("kept") }
        try store.close()
        await #expect(throws: StoreError.closed) { try await store.write { try $0.note("late") } }
        let again = try Store(path: folder.database)
        #expect(try await again.noted("kept") == 1)
    }
}
