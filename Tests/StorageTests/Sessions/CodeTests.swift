import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Authorization codes", .onEachStore)
struct CodeTests {
    private let start = World.start

    @Test func `of a hundred parallel redemptions of one code one succeeds`() async throws {
        let world = try await World()
        let session = try world.session()
        let code = try await world.approved(session)
        let successes = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await world.store.write { tx in
                        try tx.codes.spend(code.digest, now: start) && tx.sessions.activate(session.id, now: start)
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(successes == 1)
        #expect(try await world.grant(session.id)?.generation == 1)
    }

    @Test func `a spent code is kept while its session is live, so that a second use is detected`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        let digest = try world.code(of: session).digest
        #expect(try await world.store.read { try $0.codes.find(digest)?.spentAt } == start)
        _ = try await world.store.write { try $0.housekeep(now: start + 3_600, limit: 100) }
        #expect(try await world.store.read { try $0.codes.find(digest) } != nil)
        _ = try await world.store.write { try $0.sessions.end(session.id, .byAdmin(at: start, .codeReplayed)) }
        #expect(try await world.store.read { try $0.codes.find(digest) } == nil)
    }

    @Test func `two wrong verifiers leave a code usable, the third spends it`() async throws {
        let world = try await World()
        let session = try world.session()
        let code = try await world.approved(session)
        for count in 1...2 {
            #expect(try await world.store.write { try $0.codes.countFailure(code.digest, now: start) } == count)
            #expect(try await world.store.read { try $0.codes.find(code.digest)?.spentAt } == nil)
        }
        #expect(try await world.store.write { try $0.codes.countFailure(code.digest, now: start) } == 3)
        #expect(try await world.store.write { try $0.codes.countFailure(code.digest, now: start) } == 0)
        #expect(try await world.store.write { try !$0.codes.spend(code.digest, now: start) })
    }

    @Test func `a repetition is counted once, and only for a redeemed code`() async throws {
        let world = try await World()
        let session = try world.session()
        let code = try await world.approved(session)
        let redemption = Digest.sha256("a request")
        #expect(try await world.store.write { try !$0.codes.countRepeat(code.digest) })
        #expect(try await world.store.write { try $0.codes.spend(code.digest, on: redemption, now: start) })
        #expect(try await world.store.read { try $0.codes.find(code.digest)?.redemption } == redemption)
        #expect(try await world.store.write { try $0.codes.countRepeat(code.digest) })
        #expect(try await world.store.write { try !$0.codes.countRepeat(code.digest) })
    }

    @Test func `a code reads back as it was written, and is not spent after its time`() async throws {
        let world = try await World()
        let session = try world.session()
        let code = try await world.approved(session)
        #expect(try await world.store.read { try $0.codes.find(code.digest) } == code)
        #expect(try await world.store.write { try !$0.codes.spend(code.digest, now: start + 60) })
        #expect(try await world.store.write { try $0.codes.spend(code.digest, now: start + 59) })
    }
}
