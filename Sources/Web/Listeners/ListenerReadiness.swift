import Synchronization

/// Knows when all listeners accept connections: a server is ready only then.
package final class ListenerReadiness: Sendable {
    private let missing: Mutex<Set<String>>

    /// Expects these listeners, by name.
    package init(expecting names: [String] = ["main", "operations", "admin"]) {
        missing = Mutex(Set(names))
    }

    /// Notes that one is up; true for the call that made the set complete.
    package func note(_ name: String) -> Bool {
        missing.withLock { $0.remove(name) != nil && $0.isEmpty }
    }

    /// Whether all are up.
    package var areAll: Bool { missing.withLock { $0.isEmpty } }
}
