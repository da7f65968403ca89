/// When an event that did not arrive is sent again: quickly at first, since somebody may be waiting at a page, then ever
/// more seldom for three days.
package enum DeliverySchedule {
    /// The seconds before each attempt after the first, which is made at once.
    package static let pauses: [Int64] = [
        1, 3, 8, 20, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400,
    ]

    /// The seconds until the next attempt after so many failed ones, or nil when there is none any more.
    ///
    /// `spread` in -1…1 moves it by up to a fifth, so that what failed together does not come back together.
    package static func pause(afterAttempts attempts: Int, spread: Double) -> Int64? {
        guard attempts >= 1, attempts <= pauses.count else { return nil }
        let pause = Double(pauses[attempts - 1])
        return max(1, Int64((pause * (1 + min(max(spread, -1), 1) / 5)).rounded()))
    }

    /// How many attempts at one event can lie within so many seconds: what was tried more often failed before them, too.
    package static func attempts(within seconds: Int64) -> Int {
        var (attempts, passed) = (1, Int64(0))
        while let pause = pause(afterAttempts: attempts, spread: -1), passed + pause <= seconds {
            passed += pause
            attempts += 1
        }
        return attempts
    }
}
