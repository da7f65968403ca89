import Hummingbird
package import OAuth
import Synchronization

/// Records how a request of `gatehouse doctor` arrives at the server, which tells how proxies forward it.
///
/// `doctor` recognises its request by the trace id. Any task may call the methods.
package final class ProxyWitness: Sendable {
    /// How one request arrived.
    package struct Observation: Hashable, Sendable {
        /// The address of the connection's peer; nil on a Unix socket.
        package let peer: String?
        /// The values of X-Forwarded-For.
        package let forwarded: [String]
    }

    private let isWatching = Atomic<Bool>(false)
    private let observations = Mutex<[TraceID: Observation?]>([:])

    package init() {}

    /// Starts waiting for the request with this trace id.
    package func expect(_ trace: TraceID) {
        observations.withLock { $0[trace] = .some(nil) }
        isWatching.store(true, ordering: .releasing)
    }

    /// Stops waiting and returns how the request arrived; nil if it did not arrive.
    package func takeObservation(of trace: TraceID) -> Observation? {
        observations.withLock { observations in
            let observation = observations.removeValue(forKey: trace)
            if observations.isEmpty { isWatching.store(false, ordering: .releasing) }
            return observation.flatMap(\.self)
        }
    }

    func record(_ trace: TraceID, _ request: Request, _ context: WebContext) {
        guard isWatching.load(ordering: .acquiring) else { return }
        observations.withLock { observations in
            guard observations[trace] != nil else { return }
            observations[trace] = Observation(
                peer: context.peerAddress?.ipAddress,
                forwarded: request.headers[values: FieldNames.forwardedFor].prefix(8).map { String($0.prefix(200)) })
        }
    }
}

/// How proxies forwarded a request.
package enum ProxyVerdict: Hashable, Sendable {
    /// It arrived from this address without `X-Forwarded-For`.
    case direct(String)
    /// A trusted proxy forwarded it and named the caller's address.
    case trusted(proxy: String, caller: String)
    /// A trusted proxy forwarded it without naming the caller's address.
    case silent(proxy: String)
    /// A peer that is not a trusted proxy forwarded it.
    case stranger(String)
}
