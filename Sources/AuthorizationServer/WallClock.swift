package import OAuth

/// The only source of the time of day: decisions ask it once and pass the answer on, tests hand in their own.
package struct WallClock: Sendable {
    /// The present moment in whole seconds.
    package let now: @Sendable () -> Timestamp

    /// Waits this many seconds; throws when the task is cancelled meanwhile.
    package let sleep: @Sendable (_ seconds: Int64) async throws -> Void

    /// A clock that answers with what `now` returns and waits as `sleep` does.
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
