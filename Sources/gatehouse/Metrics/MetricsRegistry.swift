import CoreMetrics
import Synchronization

/// The swift-metrics backend: it holds the counters and writes them in the Prometheus text format.
final class MetricsRegistry: MetricsFactory {
    static let shared = MetricsRegistry()

    private struct Series: Hashable {
        let name: String
        let labels: String
    }

    private enum Value {
        case count(Count)
        case sum(Sum)

        var text: String {
            switch self {
            case .count(let count): "\(count.current)"
            case .sum(let sum): "\(sum.current)"
            }
        }
    }

    /// A whole number; any thread may increment it.
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

    /// A sum of seconds; any thread may increment it. It is kept in whole nanoseconds, so that small amounts are not lost
    /// beside a great sum.
    final class Sum: FloatingPointCounterHandler {
        private let nanoseconds = Atomic<Int64>(0)

        var current: Double { Double(nanoseconds.load(ordering: .relaxed)) / 1_000_000_000 }

        func increment(by amount: Double) {
            guard let added = Int64(exactly: (amount * 1_000_000_000).rounded()) else { return }
            nanoseconds.wrappingAdd(added, ordering: .relaxed)
        }

        func reset() {
            nanoseconds.store(0, ordering: .relaxed)
        }
    }

    private static let help = [
        "gatehouse_http_requests_total": "Requests answered.",
        "gatehouse_http_request_seconds_total": "Time from head to answer, added up.",
    ]

    private let values = Mutex<[Series: Value]>([:])

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        values.withLock { values in
            let series = Self.series(label, dimensions)
            if case .count(let known) = values[series] { return known }
            let count = Count()
            values[series] = .count(count)
            return count
        }
    }

    func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        values.withLock { values in
            let series = Self.series(label, dimensions)
            if case .sum(let known) = values[series] { return known }
            let sum = Sum()
            values[series] = .sum(sum)
            return sum
        }
    }

    // Gatehouse uses counters only.
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
    // A counter keeps its value after its handle is destroyed, because the exported series must not restart.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    private static func series(_ label: String, _ dimensions: [(String, String)]) -> Series {
        Series(name: label, labels: dimensions.map { "\($0)=\"\($1)\"" }.joined(separator: ","))
    }

    /// All counters in the Prometheus text format, in a stable order.
    var text: String {
        let all = values.withLock { values in values.map { (series: $0.key, text: $0.value.text) } }
            .sorted { ($0.series.name, $0.series.labels) < ($1.series.name, $1.series.labels) }
        var text = ""
        var last = ""
        for (series, value) in all {
            if series.name != last {
                if let help = Self.help[series.name] { text += "# HELP \(series.name) \(help)\n" }
                text += "# TYPE \(series.name) counter\n"
            }
            last = series.name
            text += "\(series.name)\(series.labels.isEmpty ? "" : "{\(series.labels)}") \(value)\n"
        }
        return text
    }
}
