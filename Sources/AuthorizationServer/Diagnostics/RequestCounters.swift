import Metrics
import Synchronization

/// Counts HTTP requests by route, method and status, and records the time to their responses, through swift-metrics.
package final class RequestCounters: Sendable {
    private struct Key: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    private struct Handles {
        let requests: Counter
        let seconds: FloatingPointCounter
        /// The classes of time of the route, whatever the method and the status.
        let times: Recorder
    }

    private let factory: (any MetricsFactory)?
    /// Looking a counter up by its labels costs more than incrementing it, so each is looked up once. Routes, methods and
    /// statuses are closed sets, which bounds the memory.
    private let handles = Mutex<[Key: Handles]>([:])

    /// Counters of the factory that the process is bootstrapped with.
    package init() { factory = nil }

    /// Counters of `factory`.
    init(factory: any MetricsFactory) { self.factory = factory }

    /// Counts a request. `route` is the template of the path, never the path itself.
    package func record(route: String, method: String, status: Int, took duration: Duration) {
        let key = Key(route: route, method: Self.known.contains(method) ? method : "other", status: status)
        handles.withLock { handles in
            let found = handles[key] ?? makeHandles(key)
            handles[key] = found
            found.requests.increment()
            found.seconds.increment(by: duration / .seconds(1))
            found.times.record(duration / .seconds(1))
        }
    }

    private func makeHandles(_ key: Key) -> Handles {
        let labels = [("route", key.route), ("method", key.method), ("status", "\(key.status)")]
        let factory = factory ?? MetricsSystem.factory
        return Handles(
            requests: Counter(label: "gatehouse_http_requests_total", dimensions: labels, factory: factory),
            seconds: FloatingPointCounter(
                label: "gatehouse_http_request_seconds_total", dimensions: labels, factory: factory),
            times: Recorder(
                label: "gatehouse_http_request_seconds", dimensions: [("route", key.route)], aggregate: true,
                factory: factory))
    }

    /// Methods that a stranger makes up are counted together, so that the labels stay bounded.
    private static let known: Set<String> = ["GET", "HEAD", "POST", "DELETE", "OPTIONS"]
}
