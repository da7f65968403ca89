import JOSE
import OAuth
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite("The memory beside the database", .onEachStore)
struct StoreMemoryTests {
    private func entry(_ number: Int64) -> AuditEntry {
        AuditEntry(.keyRotated, at: World.start + number, actor: .system, reason: "\(number)", initiator: .system)
    }

    @Test func `a rolled-back write takes back the end of the audit chain that the writer remembers`() async throws {
        let world = try await World()
        let first = try await world.store.write { [self] in try $0.audit.append(entry(1)) }
        await #expect(throws: Refused.self) {
            try await world.store.write { [self] tx in
                try tx.audit.append(entry(2))
                #expect(tx.memory.auditChain.last?.sequence == 2)
                throw Refused()
            }
        }
        #expect(world.store.memory.auditChain.last?.hash == first.hash)
        let next = try await world.store.write { [self] in try $0.audit.append(entry(3)) }
        #expect(next.sequence == 2 && next.previous == first.hash)
        #expect(try await world.store.read { try $0.audit.verify() }.defects == [])
    }

    @Test func `a rolled-back write takes back its counts`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        let entry = AuditEntry(
            .tokenRefreshed, at: World.start, actor: .client(session.clientID), session: session.id, initiator: .model)
        let key = TallyCounts.Key(session: session.id, action: .tokenRefreshed)
        try await world.store.write { try $0.audit.tallies.append(entry) }
        await #expect(throws: Refused.self) {
            try await world.store.write { tx in
                for _ in 0..<AuditTallies.recordsPerMinute { try tx.audit.tallies.append(entry) }
                #expect(tx.memory.auditChain.tallies[key]?.isOpen == true)
                throw Refused()
            }
        }
        let count = try await world.store.write { $0.memory.auditChain.tallies[key] }
        #expect(count?.seen == 1 && count?.isOpen == false)
        #expect(try await world.store.read { try $0.audit.tallies.count() } == 0)
    }

    @Test func `a change of a client is counted after its commit, once for the whole group`() async throws {
        let world = try await World()
        let before = world.store.clientsVersion
        let rule = ClientRule(.client(world.client.id), .block, createdAt: World.start)
        try await world.store.write { [store = world.store] tx in
            try tx.clientRules.set(rule)
            try tx.clientRules.set(rule)
            #expect(store.clientsVersion == before, "a cache must not read rows that are not durable")
        }
        #expect(world.store.clientsVersion == before + 1)
    }

    @Test func `a read has no access to the writer's memory`() async throws {
        let world = try await World()
        let isWriter = try await world.store.read { $0.writerMemory != nil }
        #expect(!isWriter)
        await #expect(throws: StoreError.constraint("a reader cannot write to the audit trail")) {
            try await world.store.read { [self] in _ = try $0.audit.append(entry(1)) }
        }
        #expect(world.store.memory.auditChain.last == nil)
    }

    @Test func `an unfinished ending is claimed by one task at a time`() {
        let endings = EndingsUnderWay()
        #expect(endings.claim("a") && !endings.claim("a"))
        endings.claim(["b", "c"])
        #expect(!endings.claim("b"))
        endings.release(["a", "b"])
        #expect(endings.claim("a") && endings.claim("b") && !endings.claim("c"))
    }

    @Test func `a known checkpoint is not replaced by an earlier one`() throws {
        let checkpoints = SignedCheckpoints()
        let key = SigningKey.generate()
        let (first, second) = (
            try AuditCheckpoint(.main, sequence: 5, hash: .sha256("5"), at: World.start, with: key),
            try AuditCheckpoint(.main, sequence: 9, hash: .sha256("9"), at: World.start, with: key)
        )
        checkpoints.remember(second)
        checkpoints.remember(first)
        #expect(checkpoints.all == [second])
        checkpoints.forget(.main)
        checkpoints.remember(first)
        #expect(checkpoints.all == [first])
    }

    @Test func `a text is never taken for another text that Swift calls equal`() throws {
        let known = ParsedValues { Array($0.utf8) }
        #expect(try known.value("K") == [0x4B])
        #expect(try known.value("\u{212A}") == [0xE2, 0x84, 0xAA])
        #expect(try known.value("K") == [0x4B])
    }
}
