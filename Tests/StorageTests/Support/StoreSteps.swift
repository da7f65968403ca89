import Foundation
import JOSE
import OAuth
import Synchronization
import TestSupport
import Testing

@testable import Storage

extension TemporaryFolder {
    /// The file that SQLite keeps in this folder.
    var database: String { path + "/gatehouse.sqlite" }
}

/// What one member of a group does.
typealias Member = @Sendable (Transaction) throws -> Void

extension Store {
    /// Puts several writes into one group: a first one holds the writer until all the others wait.
    func grouped(_ writes: [Member]) async throws -> [Result<Void, any Error>] {
        let (gate, holder) = await held()
        var tasks: [Task<Void, any Error>] = []
        for body in writes {
            let before = waitingWrites
            tasks.append(Task { try await write(body) })
            await eventually { waitingWrites > before }
        }
        gate.signal()
        try await holder.value
        var results: [Result<Void, any Error>] = []
        for task in tasks { results.append(await task.result) }
        return results
    }

    /// Holds the writer inside a transaction until the gate is signalled.
    func held() async -> (gate: DispatchSemaphore, holder: Task<Void, any Error>) {
        let gate = DispatchSemaphore(value: 0)
        let isInside = Flag()
        let holder = Task {
            try await write { _ in
                isInside.raise()
                gate.wait()
            }
        }
        await eventually { isInside.isRaised }
        return (gate, holder)
    }

    func noted(_ key: String) async throws -> Int64? {
        try await read { try $0.noted(key) }
    }
}

extension Transaction {
    func note(_ key: String, _ value: Int64 = 1) throws {
        try execute("INSERT INTO meta (key, value) VALUES (?1, ?2)", key, value)
    }

    func noted(_ key: String) throws -> Int64? {
        try first("SELECT value FROM meta WHERE key = ?1", key) { try $0.integer(0) }
    }

    /// Whether the user has signed in in the browser with this cookie, lately or long ago.
    func isKnownBrowser(_ binding: Digest, of user: UserID) throws -> Bool {
        try first("SELECT 1 FROM known_browsers WHERE user_id = ?1 AND binding = ?2", user.string, binding.stored) {
            _ in
            true
        } ?? false
    }

    func pragma(_ text: String) throws -> Int64? {
        try first("PRAGMA " + text) { try $0.integer(0) }
    }
}

struct Refused: Error, Equatable {}

func isError(_ result: Result<Void, any Error>, _ expected: StoreError) -> Bool {
    guard case .failure(let error) = result else { return false }
    return error as? StoreError == expected
}

/// Something that happened, seen from several tasks.
final class Flag: Sendable {
    private let raised = Atomic<Bool>(false)
    var isRaised: Bool { raised.load(ordering: .sequentiallyConsistent) }
    func raise() { raised.store(true, ordering: .sequentiallyConsistent) }
}
