/// The pauses between the attempts to deliver an event: short at first, because a user may be waiting at a page, then
/// longer for three days in all.
package enum DeliverySchedule {
    /// The pauses before the second and each later attempt, in seconds.
    package static let pauses: [Int64] = [
        1, 3, 8, 20, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400,
    ]

    /// The pause after so many failed attempts, in seconds; nil after the last attempt.
    ///
    /// `spread` in -1…1 changes the pause by up to a fifth, so that events that failed together are not sent together
    /// again.
    package static func pause(afterAttempts attempts: Int, spread: Double) -> Int64? {
        guard attempts >= 1, attempts <= pauses.count else { return nil }
        let pause = Double(pauses[attempts - 1])
        return max(1, Int64((pause * (1 + min(max(spread, -1), 1) / 5)).rounded()))
    }

    /// The most attempts at one event that fit into so many seconds.
    package static func attempts(within seconds: Int64) -> Int {
        var (attempts, passed) = (1, Int64(0))
        while let pause = pause(afterAttempts: attempts, spread: -1), passed + pause <= seconds {
            passed += pause
            attempts += 1
        }
        return attempts
    }
}
