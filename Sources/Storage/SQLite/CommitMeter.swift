import Synchronization

/// Counts the commits of the writer and adds up their times, for the metrics. Only the writer's queue counts; any thread may read.
final class CommitMeter: Sendable {
    private let counts = Mutex(CommitCounts())
    private let clock = ContinuousClock()

    /// What has been counted since the start.
    var present: CommitCounts { counts.withLock { $0 } }

    /// Runs a group of writes and counts it with its time.
    func measure<T>(_ writes: Int, _ commit: () -> T) -> T {
        let start = clock.now
        let result = commit()
        let took = clock.now - start
        counts.withLock { $0.add(writes: writes, took: took) }
        return result
    }
}

/// The commits of the writer since the start.
package struct CommitCounts: Hashable, Sendable {
    /// The upper bounds of the counted classes of time, in seconds.
    package static let bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5]

    /// Group commits, each durable before its callers resumed.
    package private(set) var commits: Int64 = 0
    /// Writes in these commits.
    package private(set) var writes: Int64 = 0
    /// The time of all commits.
    package private(set) var seconds = 0.0
    /// The number of commits in each class of time; the last class has no bound.
    package private(set) var classes = [Int64](repeating: 0, count: bounds.count + 1)

    fileprivate mutating func add(writes count: Int, took: Duration) {
        let time = took / .seconds(1)
        commits += 1
        writes += Int64(count)
        seconds += time
        classes[Self.bounds.firstIndex { time <= $0 } ?? Self.bounds.count] += 1
    }
}
