import CoreMetrics
import Synchronization

/// The swift-metrics backend: it holds the counters and writes them in the Prometheus text format.
final class MetricsRegistry: MetricsFactory {
    static let shared = MetricsRegistry()

    private struct Series: Hashable {
        let name: String
        let labels: String
    }

    private let counters = Mutex<[Series: Count]>([:])

    /// One counter; any thread may increment it.
    final class Count: CounterHandler {
        private let value = Atomic<Int64>(0)

        var current: Int64 { value.load(ordering: .relaxed) }

        func increment(by amount: Int64) {
            value.wrappingAdd(amount, ordering: .relaxed)
        }

        func reset() {
            value.store(0, ordering: .relaxed)
        }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let labels = dimensions.map { "\($0)=\"\($1)\"" }.joined(separator: ",")
        return counters.withLock { counters in
            let series = Series(name: label, labels: labels)
            if let known = counters[series] { return known }
            let count = Count()
            counters[series] = count
            return count
        }
    }

    // Gatehouse uses counters only.
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
    // A counter keeps its value after its handle is destroyed, because the exported series must not restart.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    /// All counters in the Prometheus text format, in a stable order.
    var text: String {
        let all = counters.withLock { $0 }.sorted { ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels) }
        var text = ""
        var last = ""
        for (series, count) in all {
            if series.name != last { text += "# TYPE \(series.name) counter\n" }
            last = series.name
            text += "\(series.name)\(series.labels.isEmpty ? "" : "{\(series.labels)}") \(count.current)\n"
        }
        return text
    }
}
