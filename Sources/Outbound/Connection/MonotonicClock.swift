package import NIOCore

/// A clock that never goes back, for budgets and deadlines.
package struct MonotonicClock: Sendable {
    let now: @Sendable () -> NIODeadline
    let sleep: @Sendable (NIODeadline) async -> Void

    /// Makes a clock from functions; tests advance theirs by hand.
    package init(
        now: @escaping @Sendable () -> NIODeadline, sleep: @escaping @Sendable (_ until: NIODeadline) async -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The system's monotonic clock.
    package static let system = MonotonicClock(
        now: { .now() },
        sleep: { until in
            let left = until - .now()
            guard left > .zero else { return }
            try? await Task.sleep(nanoseconds: UInt64(left.nanoseconds))
        })
}
