package import OAuth

/// The only source of the time of day: decisions ask it once and pass the answer on, tests hand in their own.
package struct WallClock: Sendable {
    /// The present moment in whole seconds.
    package let now: @Sendable () -> Timestamp

    /// A clock that answers with what `now` returns.
    package init(now: @escaping @Sendable () -> Timestamp) {
        self.now = now
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
