import GRDB
import Synchronization

/// Connections for reads of a row or two by their keys, which the calling thread does itself.
///
/// Handing so little to another thread and back costs more than reading it. They are apart from the pool's readers, so
/// that no long read ever makes an event loop wait.
final class PointReaders: Sendable {
    private let readers: [DatabaseQueue]
    private let turn = Atomic<Int>(0)

    /// Opens `count` read-only connections to the database at `path`, which its writer has open.
    init(path: String, configuration: Configuration, count: Int) throws {
        var configuration = configuration
        configuration.readonly = true
        readers = try (0..<count).map { _ in try DatabaseQueue(path: path, configuration: configuration) }
    }

    /// Runs `body` on a connection that is likely free.
    func read<T>(_ body: (Database) throws -> T) throws -> T {
        let turn = turn.wrappingAdd(1, ordering: .relaxed).newValue
        return try readers[abs(turn % readers.count)].unsafeRead(body)
    }

    func close() throws {
        for reader in readers { try reader.close() }
    }
}
