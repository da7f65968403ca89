import AuthorizationServer
import Foundation
import HTTPTypes
import HummingbirdTesting
import OAuth
import ServerSupport
import Storage
import StorageSupport
import Synchronization
import TestSupport
import Testing

/// Each file call of an exchange fails once, the first, the second, and so on until the exchange needs no more.
@Suite("A disk that fails in the middle")
struct DiskFaultTests {
    enum Exchange: CaseIterable, Sendable {
        case code, refresh
    }

    @Test(arguments: Exchange.allCases, FaultyDisk.Fault.allCases)
    func `whichever file call fails, the answer is 503 and the grant is as it was`(
        exchange: Exchange, fault: FaultyDisk.Fault
    ) async throws {
        var calls = 0
        while calls < 200, try await fails(exchange, fault, after: calls) { calls += 1 }
        #expect((4..<200).contains(calls), "a commit writes several times, and not without end")
    }

    /// Plays an exchange on a disk that fails after so many calls; false when it needed no more than those.
    private func fails(_ exchange: Exchange, _ fault: FaultyDisk.Fault, after calls: Int) async throws -> Bool {
        let hasFailed = Atomic<Bool>(false)
        try await Harness.run { h in
            let code = try await h.code()
            let tokens = exchange == .refresh ? try await h.redeem(code).tokens : nil
            let ask: () async throws -> TestResponse = {
                if let tokens { try await h.refresh(tokens.refresh) } else { try await h.redeem(code) }
            }
            let before = try await Self.state(of: h.gatehouse.store)
            FaultyDisk.arm(h.folder, fault, after: calls)
            let answer = try await ask()
            guard FaultyDisk.disarm(h.folder) else { return #expect(answer.status == .ok) }
            hasFailed.store(true, ordering: .sequentiallyConsistent)
            #expect(answer.status == .serviceUnavailable)
            #expect(!answer.text.contains("gate_"))
            #expect(try await Self.stateOnDisk(h.folder) == before)
            // A full disk is mended by space. One that failed in a write wants a restart, in a read it may not.
            if fault == .full { #expect(try await ask().status == .ok) }
        }
        return hasFailed.load(ordering: .sequentiallyConsistent)
    }

    private struct State: Equatable, Sendable {
        let session: Session?
        let generation: UInt32?
        let records: Int
    }

    private static func state(of store: Store) async throws -> State {
        try await store.read { transaction in
            let session = try transaction.sessions.list(limit: 2, now: Timestamp(seconds: 0)).first
            return State(
                session: session, generation: try session.flatMap { try transaction.sessions.grant($0.id)?.generation },
                records: Int(try transaction.audit.verify().records))
        }
    }

    /// What another process would find if this one were killed now.
    private static func stateOnDisk(_ folder: String) async throws -> State {
        let copy = folder + "-copy"
        try FileManager.default.copyItem(atPath: folder, toPath: copy)
        defer { try? FileManager.default.removeItem(atPath: copy) }
        let store = try Store(path: copy + "/gatehouse.sqlite")
        #expect(try await store.check() == [])
        let found = try await state(of: store)
        try store.close()
        return found
    }
}
