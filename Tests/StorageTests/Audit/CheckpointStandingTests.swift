import JOSE
import OAuth
import Testing

@testable import Storage

@Suite("Checkpoints known from outside the database", .onEachStore)
struct CheckpointStandingTests {
    private let world: World
    private let key = SigningKey.generate()

    init() async throws { world = try await World() }

    private func write(_ reason: String, in world: World? = nil) async throws {
        try await (world ?? self.world).store.write {
            _ = try $0.audit.append(
                AuditEntry(.tokenIssued, at: World.start, actor: .system, reason: reason, initiator: .system))
        }
    }

    private func signed(in world: World? = nil, with key: SigningKey? = nil) async throws -> AuditCheckpoint {
        let key = key ?? self.key
        return try await (world ?? self.world).store.write { transaction in
            guard let head = try transaction.audit.head(.main) else { throw Refused() }
            let checkpoint = try AuditCheckpoint(
                .main, sequence: head.sequence, hash: head.hash, at: World.start, with: key)
            guard try transaction.audit.checkpoints.insert(checkpoint) else { throw Refused() }
            return checkpoint
        }
    }

    private func standing(of known: AuditCheckpoint, in world: World? = nil) async throws -> CheckpointStanding {
        let trusted = VerificationKeySet([key.verification])
        return try await (world ?? self.world).store.read {
            try $0.audit.checkpoints.standing(of: known, trusted: trusted)
        }
    }

    @Test func `a checkpoint is held if the chain has its record, and more records`() async throws {
        try await write("a")
        let known = try await signed()
        #expect(try await standing(of: known) == .held)
        try await write("b")
        #expect(try await standing(of: known) == .held)
    }

    @Test func `a chain that ends before a checkpoint is older, an empty one too`() async throws {
        try await write("a")
        let first = try await world.store.read { try $0.audit.head(.main) }
        try await write("b")
        let known = try await signed()
        let other = try await World()
        #expect(try await standing(of: known, in: other) == .gone(sequence: 0, hash: nil))
        try await write("a", in: other)
        #expect(try await standing(of: known, in: other) == .gone(sequence: 1, hash: first?.hash))
    }

    @Test func `another record in its place replaces a checkpoint, whatever follows`() async throws {
        try await write("a")
        let known = try await signed()
        let other = try await World()
        for reason in ["x", "y"] { try await write(reason, in: other) }
        let head = try #require(try await other.store.read { try $0.audit.head(.main) })
        #expect(try await standing(of: known, in: other) == .replaced(sequence: 2, hash: head.hash))
    }

    @Test(arguments: [true, false])
    func `a dropped record is held if a key of the ring signed the later checkpoint`(isOurs: Bool) async throws {
        try await write("a")
        let known = try await signed()
        try await write("b")
        let later = try await signed(with: isOurs ? key : .generate())
        let isDone = try await world.store.write {
            try $0.audit.retention.shorten(to: [AuditPruneMark(later)], by: .system, at: World.start)
        }
        #expect(isDone)
        while try await world.store.write({ try $0.audit.retention.drop(limit: 100) }) > 0 {}
        let found = try await standing(of: known)
        #expect((found == .held) == isOurs)
    }
}
