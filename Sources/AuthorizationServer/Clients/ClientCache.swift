import OAuth
import Synchronization

/// Clients that were looked up lately, so that a refresh reads and parses nothing about them again.
///
/// Everything in here is as old as one version of what the database knows of clients: a block, a removal or a new
/// document makes all of it worthless at once.
final class ClientCache: Sendable {
    private struct Kept {
        let client: Client
        /// Until when the client's document is fresh; a registered client's record has no such end.
        let end: Timestamp?
    }

    private struct State {
        var version = 0
        var clients: [ClientID: Kept] = [:]
    }

    private static let capacity = 1_000

    private let state = Mutex(State())

    /// The client as it was read at this version, if it was and is still fresh.
    func client(_ id: ClientID, version: Int, now: Timestamp) -> Client? {
        state.withLock { state in
            guard state.version == version, let kept = state.clients[id] else { return nil }
            if let end = kept.end, end <= now { return nil }
            return kept.client
        }
    }

    /// Keeps what was read after `version` was.
    func keep(_ client: Client, until end: Timestamp?, version: Int) {
        state.withLock { state in
            if state.version != version || state.clients.count >= Self.capacity {
                state = State(version: version)
            }
            state.clients[client.id] = Kept(client: client, end: end)
        }
    }
}
