import Hummingbird
package import OAuth
import Synchronization

/// Remembers how one request arrived that the operator sent to their own server, told by its trace id.
package final class ProxyWitness: Sendable {
    /// What the server saw of a request.
    package struct Observation: Hashable, Sendable {
        /// The other end of the connection.
        package let peer: String?
        /// The values of X-Forwarded-For.
        package let forwarded: [String]
    }

    private let isWatching = Atomic<Bool>(false)
    private let sights = Mutex<[TraceID: Observation?]>([:])

    package init() {}

    /// Waits for the request of this id.
    package func watch(for trace: TraceID) {
        sights.withLock { $0[trace] = .some(nil) }
        isWatching.store(true, ordering: .releasing)
    }

    /// What was seen of it, and the end of waiting; nil when it did not come.
    package func seen(_ trace: TraceID) -> Observation? {
        sights.withLock { sights in
            let sight = sights.removeValue(forKey: trace)
            if sights.isEmpty { isWatching.store(false, ordering: .releasing) }
            return sight.flatMap(\.self)
        }
    }

    func see(_ trace: TraceID, _ request: Request, _ context: WebContext) {
        guard isWatching.load(ordering: .acquiring) else { return }
        sights.withLock { sights in
            guard sights[trace] != nil else { return }
            sights[trace] = Observation(
                peer: context.peerAddress?.ipAddress,
                forwarded: request.headers[values: FieldNames.forwardedFor].prefix(8).map { String($0.prefix(200)) })
        }
    }
}

/// What became of a request on its way through proxies.
package enum ProxyVerdict: Hashable, Sendable {
    /// No proxy said anything.
    case direct(String)
    /// It came over a trusted proxy, from this address.
    case trusted(proxy: String, caller: String)
    /// It came over a trusted proxy that does not say from whom.
    case silent(proxy: String)
    /// Somebody who is not trusted forwarded it.
    case stranger(String)
}

extension ProxyTrust {
    /// What is made of a request that was seen.
    package func verdict(on sight: ProxyWitness.Observation) -> ProxyVerdict {
        let peer = sight.peer ?? "a Unix socket"
        let caller = clientAddress(peer: sight.peer, forwarded: sight.forwarded)
        switch (trusts(sight.peer), sight.forwarded.isEmpty) {
        case (true, true): return .silent(proxy: peer)
        case (true, false): return .trusted(proxy: peer, caller: caller ?? peer)
        case (false, false): return .stranger(peer)
        case (false, true): return .direct(peer)
        }
    }
}
