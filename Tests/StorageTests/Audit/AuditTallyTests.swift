import Foundation
import GRDB
import JOSE
import OAuth
import Synchronization
import TestSupport
import Testing

@testable import Storage

@Suite("Audit tallies")
struct AuditTallyTests {
    private static let minute = Timestamp(seconds: 1_000_020)

    private let world: World
    private let session: Session

    init() async throws {
        world = try await World()
        session = try await world.active(world.session())
    }

    private func entry(_ action: AuditAction = .tokenRefreshed, at now: Timestamp, about: String? = nil) -> AuditEntry {
        AuditEntry(
            action, at: now, actor: .client(session.clientID), of: session, initiator: .model, correlation: about)
    }

    /// So many deeds, one a write, a second apart from the tenth of them on, in the minute that begins at `start`.
    private func act(
        _ count: Int, _ action: AuditAction = .tokenRefreshed, from start: Timestamp = minute, in store: Store? = nil
    ) async throws {
        for number in 0..<count {
            let entry = entry(action, at: start + Int64(min(number / 10, 59)))
            try await (store ?? world.store).write { try $0.audit.tallies.append(entry) }
        }
    }

    private func records(_ action: AuditAction = .tokenRefreshed, in store: Store? = nil) async throws -> [AuditEntry] {
        try await (store ?? world.store).read { try $0.audit.tail(limit: 1_000) }.map(\.entry)
            .filter { $0.action == action }
    }

    private func waiting(in store: Store? = nil) async throws -> Int64 {
        try await (store ?? world.store).read { try $0.audit.tallies.count() }
    }

    @Test
    func `beyond sixty records a minute actions are counted, and the first one of a later minute closes the tally`()
        async throws
    {
        try await act(100)
        #expect(try await records().count == 60)
        #expect(try await waiting() == 40)
        try await act(1, from: Self.minute + 60)
        let all = try await records()
        #expect(all.count == 62)
        #expect(try await waiting() == 0)
        let closing = all[1]
        #expect(closing.count == 40)
        #expect(closing.reason == "40 more from \((Self.minute + 6).rfc3339) to \((Self.minute + 9).rfc3339)")
        #expect(closing.at == Self.minute + 9)
        #expect(closing.session == session.id && closing.user == session.userID && closing.client == session.clientID)
        #expect(closing.resource == session.resourceID && closing.actor == .client(session.clientID))
        #expect(closing.initiator == .model && closing.trace == nil)
        #expect(all.reduce(0) { $0 + $1.count } == 101)
        let verdict = try await world.store.read { try $0.audit.verify() }
        #expect(verdict.defects.isEmpty)
        #expect(verdict.repeated == 39)
        #expect(verdict.waiting == 0)
    }

    @Test func `sessions and actions are counted apart`() async throws {
        let other = try await world.active(world.session(redirect: "https://desk.example/other"))
        try await act(60)
        try await act(60, .elicitationRead)
        try await act(60, .connectionUsed)
        let entry = AuditEntry(.tokenRefreshed, at: Self.minute, actor: .system, of: other, initiator: .model)
        try await world.store.write { try $0.audit.tallies.append(entry) }
        #expect(try await waiting() == 0)
        try await act(2, .elicitationRead)
        #expect(try await waiting() == 2)
        #expect(try await world.store.read { try $0.audit.verify().waiting } == 2)
    }

    @Test func `the end of a session closes its tallies before its own record`() async throws {
        try await act(75)
        let ended = try await world.store.write { [id = session.id] in
            try $0.sessions.end(
                id, SessionEnding(reason: .revokedByPerson, initiator: .user, actor: .system, at: Self.minute + 30))
        }
        #expect(ended)
        #expect(try await waiting() == 0)
        let last = try await world.store.read { try $0.audit.tail(limit: 2) }.map(\.entry)
        #expect(last.map(\.action) == [.sessionEnded, .tokenRefreshed])
        #expect(last.last?.count == 15)
    }

    @Test func `the housekeeper closes the tallies of earlier minutes, and not of this one`() async throws {
        try await act(70)
        try await world.store.write { _ = try $0.housekeep(now: Self.minute + 59, limit: 200) }
        #expect(try await waiting() == 10)
        try await world.store.write { _ = try $0.housekeep(now: Self.minute + 60, limit: 200) }
        #expect(try await waiting() == 0)
        #expect(try await records().first?.count == 10)
    }

    @Test func `a killed process loses no count: the next one closes the tally once`() async throws {
        try await act(90)
        // The files as a kill leaves them: nothing was closed.
        let copy = try TemporaryFolder()
        for ending in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: world.folder.database + ending, toPath: copy.database + ending)
        }
        let store = try Store(path: copy.database)
        #expect(try await waiting(in: store) == 30)
        try await act(5, in: store)
        #expect(try await records(in: store).count == 60, "this minute goes on where it was")
        #expect(try await waiting(in: store) == 35)
        try await act(1, from: Self.minute + 60, in: store)
        #expect(try await records(in: store).reduce(0) { $0 + $1.count } == 96)
        #expect(try await store.read { try $0.audit.verify().defects.isEmpty })
        try store.close()
    }

    @Test func `a rolled-back action is not counted`() async throws {
        let entry = entry(at: Self.minute)
        for _ in 0..<80 {
            await #expect(throws: Refused.self) {
                try await world.store.write { transaction -> Void in
                    try transaction.audit.tallies.append(entry)
                    throw Refused()
                }
            }
        }
        try await act(60)
        #expect(try await records().count == 60)
        #expect(try await waiting() == 0)
        try await act(3)
        await #expect(throws: Refused.self) {
            try await world.store.write { transaction -> Void in
                try transaction.audit.tallies.append(self.entry(at: Self.minute + 60))
                throw Refused()
            }
        }
        #expect(try await waiting() == 3, "the chaining was taken back as well")
        try await act(1, from: Self.minute + 60)
        #expect(try await records().reduce(0) { $0 + $1.count } == 64)
    }

    @Test func `an action costs one statement, recorded or counted`() async throws {
        try await act(1)
        for (count, table) in [
            (1, "INTO audit "), (58, "INTO audit "), (1, "INTO audit_tallies "), (5, "INTO audit_tallies "),
        ] {
            let statements = try await world.store.write { [entry = entry(at: Self.minute)] transaction in
                let seen = Mutex<[String]>([])
                transaction.db.trace { event in seen.withLock { $0.append("\(event)") } }
                defer { transaction.db.trace() }
                for _ in 0..<count { try transaction.audit.tallies.append(entry) }
                return seen.withLock { $0 }
            }
            #expect(statements.count == count)
            #expect(statements.allSatisfy { $0.contains(table) })
        }
    }

    @Test func `a tally names an elicitation only if all its actions concern it`() async throws {
        for about in ["one", "one", "one"] {
            let entry = entry(.elicitationRead, at: Self.minute, about: about)
            for _ in 0..<30 { try await world.store.write { try $0.audit.tallies.append(entry) } }
        }
        let other = entry(.connectionUsed, at: Self.minute, about: "two")
        for number in 0..<70 {
            let entry = number == 65 ? entry(.connectionUsed, at: Self.minute, about: "three") : other
            try await world.store.write { try $0.audit.tallies.append(entry) }
        }
        try await world.store.write { _ = try $0.audit.tallies.close(now: nil, limit: 10) }
        #expect(try await records(.elicitationRead).first?.correlation == "one")
        #expect(try await records(.connectionUsed).first?.correlation == nil)
    }

    @Test func `a clock that is set back does not keep a tally open`() async throws {
        try await act(70)
        try await act(3, from: Self.minute - 3_600)
        try await world.store.write { _ = try $0.housekeep(now: Self.minute - 3_600, limit: 200) }
        #expect(try await waiting() == 0)
        #expect(try await records().reduce(0) { $0 + $1.count } == 73)
    }
}
