import OAuth

/// Keeps an endpoint that does not answer from being asked for every event that waits for it: after trouble there is a
/// pause, then a single probe, and only an answer opens the way again.
struct EndpointBreaker: Sendable {
    /// Shorter than the pauses of the schedule, so that it never holds up what is due.
    private static let pauses: [Int64] = [1, 2, 6, 16, 60, 240]
    /// A receiver may ask for more patience than that, within reason.
    static let longestPause: Int64 = 3600
    /// What fails for one event alone does not speak against the endpoint, what fails so often in a row does.
    private static let suspicious = 3

    /// Whose answers count here; another endpoint begins with a breaker of its own.
    let endpoint: String?

    init(of endpoint: String? = nil) {
        self.endpoint = endpoint
    }

    /// Failures since the last answer that was none, and when the first of them was.
    private(set) var failures = 0
    private var troubledSince: Timestamp?
    /// When the next probe may be made; nil while nothing is wrong.
    private(set) var pausedUntil: Timestamp?

    /// How many events may be under way at a time.
    func width(atMost limit: Int) -> Int { pausedUntil == nil ? limit : 1 }

    /// Notes an answer. The seconds of the trouble that it ends, if there had been a pause: what waits for that alone can be
    /// sent now.
    mutating func succeeded(now: Timestamp) -> Int64? {
        defer { self = EndpointBreaker(of: endpoint) }
        guard pausedUntil != nil, let troubledSince else { return nil }
        return now - troubledSince
    }

    /// Notes a failure. `isTrouble` says that it is the endpoint's and not one event's, `retryAfter` what it asked for.
    mutating func failed(isTrouble: Bool, retryAfter: Int64?, now: Timestamp) {
        troubledSince = troubledSince ?? now
        // What was under way when the pause began says the same trouble again.
        if pausedUntil.map({ $0 <= now }) ?? true { failures += 1 }
        guard isTrouble || failures >= Self.suspicious || pausedUntil != nil else { return }
        let pause = Self.pauses[min(failures, Self.pauses.count) - 1]
        let until = now + max(pause, min(retryAfter ?? 0, Self.longestPause))
        pausedUntil = max(until, pausedUntil ?? until)
    }
}
