package import OAuth

/// The only source of the time of day. A request reads it once and passes the time on; tests inject their own.
package struct WallClock: Sendable {
    /// The present moment in whole seconds.
    package let now: @Sendable () -> Timestamp

    /// Waits this many seconds; throws when the task is cancelled.
    package let sleep: @Sendable (_ seconds: Int64) async throws -> Void

    /// A clock that reads the time from `now` and waits by `sleep`.
    package init(
        now: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (_ seconds: Int64) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
    ) {
        self.now = now
        self.sleep = sleep
    }
}

#if canImport(Glibc)
    import Glibc

    extension WallClock {
        /// The machine's own clock.
        package static let system = WallClock {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(seconds: Int64(time.tv_sec))
        }
    }
#endif
