import Synchronization

/// Counts requests and their duration by route, method and status.
package final class RequestCounters: Sendable {
    /// The labels of one counter.
    private struct Key: Hashable {
        let route: String
        let method: String
        let status: Int
    }

    private struct Count {
        var requests: UInt64 = 0
        var nanoseconds: UInt64 = 0

        mutating func add(_ took: UInt64) {
            requests += 1
            nanoseconds &+= took
        }
    }

    private let counts = Mutex<[Key: Count]>([:])

    package init() {}

    /// Counts one request. `duration` is the time from the parsed head to the response, without the time of writing it.
    func record(route: String, method: String, status: Int, took duration: Duration) {
        let parts = duration.components
        let nanoseconds = UInt64(clamping: parts.seconds) &* 1_000_000_000 &+ UInt64(parts.attoseconds / 1_000_000_000)
        let key = Key(route: route, method: Self.known.contains(method) ? method : "other", status: status)
        counts.withLock { counts in
            counts[key, default: Count()].add(nanoseconds)
        }
    }

    /// The counts in the Prometheus text format, sorted by route, method and status.
    package var text: String {
        let rows = counts.withLock { $0 }.sorted {
            ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
        }
        var lines = [
            "# HELP gatehouse_http_requests_total Requests answered.", "# TYPE gatehouse_http_requests_total counter",
        ]
        for (key, count) in rows {
            lines.append("gatehouse_http_requests_total{\(Self.labels(key))} \(count.requests)")
        }
        lines.append("# HELP gatehouse_http_request_seconds_total Time from head to answer, added up.")
        lines.append("# TYPE gatehouse_http_request_seconds_total counter")
        for (key, count) in rows {
            let seconds = Double(count.nanoseconds) / 1_000_000_000
            lines.append("gatehouse_http_request_seconds_total{\(Self.labels(key))} \(seconds)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// All other methods share one label, so that a client cannot create labels without limit.
    private static let known: Set<String> = ["GET", "HEAD", "POST", "DELETE", "OPTIONS"]

    private static func labels(_ key: Key) -> String {
        "route=\"\(key.route)\",method=\"\(key.method)\",status=\"\(key.status)\""
    }
}
