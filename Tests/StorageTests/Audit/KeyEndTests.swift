import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Records of ended keys", .onEachStore)
struct KeyEndTests {
    private let world: World
    private let now = World.start + 10

    init() async throws { world = try await World() }

    private func said() async throws -> [String: Timestamp] {
        try await world.store.read { try $0.audit.keyEnds.times() }
    }

    @Test func `an ended key has one record, and the time of the first`() async throws {
        let ends = [KeyEnd(purpose: "refresh", id: "k1"), KeyEnd(purpose: "code", id: "k2")]
        try await world.store.write { [now] in try $0.audit.keyEnds.append([ends[0]], at: now) }
        try await world.store.write { [now] in try $0.audit.keyEnds.append(ends, at: now + 5) }
        #expect(try await said() == ["k1": now, "k2": now + 5])
        let records = try await world.store.read { try $0.audit.tail(limit: 9) }.map(\.entry.action)
        #expect(records == [.keyEnded, .keyEnded])
    }

    @Test func `the record of an ended key of checkpoints counts as well`() async throws {
        try await world.store.write { [now] transaction in
            try transaction.audit.append(AuditEntry(.personSignedOut, at: now, actor: .system, initiator: .system))
            try transaction.audit.keyEnds.append(checkpointKeys: ["e1"], at: now)
        }
        #expect(try await said() == ["e1": now])
    }

    @Test func `the record is repeated when the chain is shortened`() async throws {
        let key = SigningKey.generate()
        let mark = try await world.store.write { [now] transaction in
            try transaction.audit.keyEnds.append([KeyEnd(purpose: "refresh", id: "k1")], at: now)
            try transaction.audit.append(.auditKeyUsed(key.kid, at: now))
            guard let head = try transaction.audit.tail(limit: 1).first else { throw Refused() }
            let checkpoint = try AuditCheckpoint(
                .main, sequence: head.sequence, hash: head.hash, at: now, with: key)
            guard try transaction.audit.checkpoints.insert(checkpoint) else { throw Refused() }
            return AuditPruneMark(checkpoint)
        }
        let isDone = try await world.store.write { [now] in
            try $0.audit.retention.shorten(to: [mark], by: .system, at: now + 9)
        }
        #expect(isDone)
        while try await world.store.write({ try $0.audit.retention.drop(limit: 100) }) > 0 {}
        #expect(try await said() == ["k1": now + 9])
    }

    private func fill(_ count: Int, key: String) async throws -> [Session] {
        let sessions = try (0..<count).map { _ in try world.session() }
        try await world.store.write { [world] transaction in
            for session in sessions {
                let code = try world.code(of: session)
                try transaction.sessions.approve(session, code: code)
                _ = (
                    try transaction.codes.spend(code.digest, now: World.start),
                    try transaction.sessions.activate(session.id, now: World.start)
                )
                _ = try transaction.execute(
                    "UPDATE sessions SET refresh_key = ?2 WHERE id = ?1", session.id.string, key)
            }
        }
        return sessions
    }

    private func live() async throws -> Set<SessionID> {
        try await world.store.read { [now] transaction in
            Set(try transaction.sessions.list(SessionFilter(state: .active), limit: 9_999, now: now).map(\.id))
        }
    }

    @Test func `the sessions of an ended key end, also after a crash, and no others`() async throws {
        let other = try await fill(3, key: "k2")
        _ = try await fill(600, key: "k1")
        let filter = SessionFilter(refreshKeys: ["k1", "k0"])
        // The first step alone: the process dies behind it.
        let begun = try await world.store.write { [now] in try $0.sessions.end(filter, .byAdmin(at: now)) }
        #expect(begun.count == 250)
        #expect(try await world.store.finishEndings(now: now) == 350)
        #expect(try await live() == Set(other.map(\.id)))
    }

    @Test func `an unreadable row does not keep other sessions from ending, and is listed`() async throws {
        let sessions = try await fill(4, key: "k1")
        let broken = sessions[1].id
        try await world.store.write {
            _ = try $0.execute("UPDATE sessions SET scope = '\"' WHERE id = ?1", broken.string)
        }
        let filter = SessionFilter(refreshKeys: ["k1"])
        let ending = SessionEnding.byAdmin(at: now)
        await #expect(throws: (any Error).self) {
            _ = try await world.store.endSessions(filter, ending) as EndedSessions
        }
        let done = try await world.store.endOneByOne(filter, ending)
        #expect(done.ended == 3 && done.left == [broken.string])
        try await world.store.write {
            _ = try $0.execute("UPDATE sessions SET scope = 'files:read' WHERE id = ?1", broken.string)
        }
        #expect(try await live() == [broken])
    }

    @Test func `an unreadable sealed row hides no other`() async throws {
        let user = world.user.id
        let resource = world.resource.id
        try await world.store.write { [now] transaction in
            for name in ["a", "b", "c"] {
                try transaction.connections.connect(
                    Connection(
                        id: .random(), userID: user, resourceID: resource, provider: ProviderName(name), asked: [],
                        scope: [], tokens: [1, 65, 2], createdAt: now))
            }
        }
        let ids = try await world.store.read { try $0.sealedValues.sealedPage(of: .connections, after: "", limit: 9) }
            .values
        #expect(ids.count == 3)
        try await world.store.write {
            _ = try $0.execute("UPDATE connections SET id = 'broken' WHERE id = ?1", ids[1].cursor)
        }
        let page = try await world.store.read { try $0.sealedValues.sealedPage(of: .connections, after: "", limit: 9) }
        #expect(Set(page.values.map(\.cursor)) == [ids[0].cursor, ids[2].cursor])
        #expect(page.unreadable == ["broken"] && page.next == nil)
    }

    @Test func `a reloaded configuration outdates caches of clients even if no write is possible`() throws {
        let before = world.store.clientsVersion
        try world.store.close()
        world.store.countClientChange()
        #expect(world.store.clientsVersion == before + 1)
    }
}
