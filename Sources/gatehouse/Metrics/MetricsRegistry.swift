import CoreMetrics
import Synchronization

/// The swift-metrics backend: it holds counters and histograms and writes them in the Prometheus text format.
final class MetricsRegistry: MetricsFactory {
    static let shared = MetricsRegistry()

    private struct Series: Hashable, Comparable {
        let name: String
        let labels: [String]

        init(_ name: String, _ dimensions: [(String, String)]) {
            self.name = name
            labels = dimensions.flatMap { [$0, $1] }
        }

        static func < (one: Series, other: Series) -> Bool {
            guard one.name == other.name else { return one.name < other.name }
            return one.labels.lexicographicallyPrecedes(other.labels)
        }

        var dimensions: [(String, String)] {
            stride(from: 0, to: labels.count, by: 2).map { (labels[$0], labels[$0 + 1]) }
        }
    }

    private enum Value {
        case count(Count)
        case sum(Sum)
        case histogram(Histogram)

        var kind: MetricFamily.Kind { if case .histogram = self { .histogram } else { .counter } }

        func samples(_ labels: [(String, String)]) -> [MetricFamily.Sample] {
            switch self {
            case .count(let count): [MetricFamily.Sample(labels: labels, value: "\(count.current)")]
            case .sum(let sum): [MetricFamily.Sample(labels: labels, value: "\(sum.current)")]
            case .histogram(let histogram): histogram.samples(labels)
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

    /// Times in classes; any thread may record one.
    final class Histogram: RecorderHandler {
        /// The upper bounds of the classes, in seconds.
        static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

        // An array under a lock: recording changes it in place and allocates nothing.
        private let classes = Mutex([Int64](repeating: 0, count: bounds.count + 1))
        private let sum = Sum()

        func record(_ value: Int64) { record(Double(value)) }

        func record(_ value: Double) {
            sum.increment(by: value)
            classes.withLock { $0[Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count] += 1 }
        }

        fileprivate func samples(_ labels: [(String, String)]) -> [MetricFamily.Sample] {
            MetricFamily.samples(
                bounds: Self.bounds, classes: classes.withLock { $0 }, sum: sum.current, labels: labels)
        }
    }

    private let values = Mutex<[Series: Value]>([:])

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        values.withLock { values in
            let series = Series(label, dimensions)
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
            let series = Series(label, dimensions)
            if case .sum(let known) = values[series] { return known }
            let sum = Sum()
            values[series] = .sum(sum)
            return sum
        }
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        values.withLock { values in
            let series = Series(label, dimensions)
            if case .histogram(let known) = values[series] { return known }
            let histogram = Histogram()
            values[series] = .histogram(histogram)
            return histogram
        }
    }

    // Gatehouse records times in seconds, and Timer would count nanoseconds.
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
    // A series keeps its value after its handle is destroyed, because the exported series must not restart.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    /// All counters and histograms, in a stable order.
    var families: [MetricFamily] {
        let all = values.withLock { $0 }.sorted { $0.key < $1.key }
        var families: [MetricFamily] = []
        var rest = all[...]
        while let (first, value) = rest.first {
            let family = rest.prefix { $0.key.name == first.name }
            families.append(
                MetricFamily(
                    first.name, CountedMetric.help[first.name] ?? first.name, value.kind,
                    family.flatMap { $0.value.samples($0.key.dimensions) }))
            rest = rest.dropFirst(family.count)
        }
        return families
    }

    /// The families in the Prometheus text format.
    var text: String { families.map(\.text).joined() }
}
