import CoreMetrics
import Synchronization

/// Keeps the counters of one test, by name and labels as Prometheus spells them.
final class CountedMetrics: MetricsFactory {
    private let values = Mutex<[String: Int64]>([:])

    var counts: [String: Int64] { values.withLock { $0 } }

    private final class Handler: CounterHandler {
        private let add: @Sendable (Int64) -> Void

        init(_ add: @escaping @Sendable (Int64) -> Void) {
            self.add = add
        }

        func increment(by amount: Int64) { add(amount) }
        func reset() {}
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let labels = dimensions.map { "\($0)=\"\($1)\"" }.joined(separator: ",")
        return Handler { [self] amount in
            values.withLock { $0["\(label){\(labels)}", default: 0] += amount }
        }
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
