/// How often a device asks for its tokens.
///
/// Spec: RFC 8628 §3.5
package struct DevicePolling: Hashable, Sendable {
    /// The interval of a new device code, in seconds.
    package static let firstInterval: Int64 = 5
    /// By how many seconds each request that comes too early lengthens the interval, for the rest of the code's life.
    package static let increase: Int64 = 5
    /// The longest interval, in seconds: as long as a code lives.
    package static let longestInterval: Int64 = 600

    /// The seconds that have to pass between two requests.
    package let interval: Int64
    /// The time of the last request; nil before the first.
    package let lastAt: Timestamp?

    /// The polling of a new device code.
    package init(interval: Int64 = firstInterval, lastAt: Timestamp? = nil) {
        self.interval = interval
        self.lastAt = lastAt
    }

    /// Whether the interval cannot grow any more.
    package var isLongest: Bool { interval >= Self.longestInterval }

    /// Whether a request at `now` comes too early. A second of grace covers the delays of a network.
    package func isTooEarly(at now: Timestamp) -> Bool {
        guard let lastAt else { return false }
        // A clock that was set back makes no request early.
        return (0..<(interval - 1)).contains(now - lastAt)
    }

    /// The polling after a request at `now`.
    package func counting(at now: Timestamp) -> DevicePolling {
        let longer = min(interval + Self.increase, Self.longestInterval)
        return DevicePolling(interval: isTooEarly(at: now) ? longer : interval, lastAt: now)
    }
}
