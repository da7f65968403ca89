import GRDB
import Synchronization

/// The only way to read on an event loop: a row or two by their keys, on the calling thread.
///
/// Handing so little to another thread and back costs more than the read itself. The connections are apart from the
/// pool's readers, so that a long read never makes an event loop wait. Every other read and every write of a store is
/// asynchronous, so no code can read the database on an event loop by another way.
package final class EventLoopReader: Sendable {
    private let connections: [DatabaseQueue]
    private let turn = Atomic<Int>(0)
    private let memory: StoreMemory

    /// Opens `count` read-only connections to the database at `path`, which its writer has open.
    init(path: String, configuration: Configuration, count: Int, memory: StoreMemory) throws {
        var configuration = configuration
        configuration.readonly = true
        self.memory = memory
        connections = try (0..<count).map { _ in try DatabaseQueue(path: path, configuration: configuration) }
    }

    /// Reads one consistent state on the calling thread, which waits meanwhile.
    package func read<T>(_ body: (Transaction) throws -> T) throws -> T {
        // In turn, so that the connection is most likely free.
        let turn = turn.wrappingAdd(1, ordering: .relaxed).newValue
        do {
            return try connections[abs(turn % connections.count)].unsafeRead { db in
                try Transaction.reading(db, memory, body)
            }
        } catch {
            throw StoreError.translate(error)
        }
    }

    func close() throws {
        for connection in connections { try connection.close() }
    }
}
