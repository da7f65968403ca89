import OAuth
import Synchronization

/// Caches the clients of recent token requests, so that a request neither reads nor parses them again.
///
/// All entries belong to one version of the client tables. A block, a removal or a new document changes the version and so
/// empties the cache.
final class ClientCache: Sendable {
    private struct Entry {
        let client: Client
        /// When the client's document stops being fresh; nil for a registered client.
        let end: Timestamp?
    }

    private struct State {
        var version = 0
        var clients: [ClientID: Entry] = [:]
    }

    private static let capacity = 1_000

    private let state = Mutex(State())

    /// The cached client of this version; nil for one that is not cached or no longer fresh.
    func client(_ id: ClientID, version: Int, now: Timestamp) -> Client? {
        state.withLock { state in
            guard state.version == version, let entry = state.clients[id] else { return nil }
            if let end = entry.end, end <= now { return nil }
            return entry.client
        }
    }

    /// The cached client of this version, if it comes from a record and not from a metadata document.
    func registeredClient(_ id: ClientID, version: Int) -> Client? {
        state.withLock { state in
            // A document ends some time; a record holds until the version changes.
            guard state.version == version, let entry = state.clients[id], entry.end == nil else { return nil }
            return entry.client
        }
    }

    /// Caches a client. The caller reads `version` before the client, so that a later change invalidates the entry.
    func insert(_ client: Client, until end: Timestamp?, version: Int) {
        state.withLock { state in
            if state.version != version || state.clients.count >= Self.capacity {
                state = State(version: version)
            }
            state.clients[client.id] = Entry(client: client, end: end)
        }
    }
}
