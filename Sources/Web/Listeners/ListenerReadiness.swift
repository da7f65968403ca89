import Synchronization

/// Tracks which listeners accept connections. The server is ready when all do. Any thread may call the methods.
package final class ListenerReadiness: Sendable {
    private let missing: Mutex<Set<String>>

    /// Starts with none of these listeners ready.
    package init(expecting names: [String] = ["main", "operations", "admin"]) {
        missing = Mutex(Set(names))
    }

    /// Marks a listener as ready; returns true if it was the last one.
    package func markReady(_ name: String) -> Bool {
        missing.withLock { $0.remove(name) != nil && $0.isEmpty }
    }

    /// Whether all listeners accept connections.
    package var areAllReady: Bool { missing.withLock { $0.isEmpty } }
}
