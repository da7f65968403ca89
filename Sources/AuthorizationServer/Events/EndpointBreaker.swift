import OAuth

/// A circuit breaker for one endpoint: after trouble it pauses, then allows one probe, and only a successful answer
/// lets all events through again. Otherwise an endpoint that does not answer would be asked for every waiting event.
struct EndpointBreaker: Sendable {
    /// In seconds; shorter than the pauses of the schedule, so that the breaker never delays an event that is due.
    private static let pauses: [Int64] = [1, 2, 6, 16, 60, 240]
    /// The longest `Retry-After` that is followed, in seconds.
    static let longestPause: Int64 = 3600
    /// So many failures in a row count as trouble of the endpoint; fewer may be the fault of single events.
    private static let failureLimit = 3

    /// The endpoint whose answers count; a new endpoint begins with a new breaker.
    let endpoint: String?

    init(of endpoint: String? = nil) {
        self.endpoint = endpoint
    }

    /// The failures since the last success, and the time of the first one.
    private(set) var failures = 0
    private var troubledSince: Timestamp?
    /// When the next probe is due; nil while there is no trouble.
    private(set) var pausedUntil: Timestamp?

    /// How many events may be sent at the same time.
    func width(atMost limit: Int) -> Int { pausedUntil == nil ? limit : 1 }

    /// Records a success. Returns how long the trouble was that it ends, in seconds; nil if there was no pause.
    mutating func succeeded(now: Timestamp) -> Int64? {
        defer { self = EndpointBreaker(of: endpoint) }
        guard pausedUntil != nil, let troubledSince else { return nil }
        return now - troubledSince
    }

    /// Records a failure. `isTrouble` means that the endpoint failed and not just this event; `retryAfter` is the pause
    /// that the endpoint requested, in seconds.
    mutating func failed(isTrouble: Bool, retryAfter: Int64?, now: Timestamp) {
        troubledSince = troubledSince ?? now
        // Requests that ran when the pause began report the same trouble again.
        if pausedUntil.map({ $0 <= now }) ?? true { failures += 1 }
        guard isTrouble || failures >= Self.failureLimit || pausedUntil != nil else { return }
        let pause = Self.pauses[min(failures, Self.pauses.count) - 1]
        let until = now + max(pause, min(retryAfter ?? 0, Self.longestPause))
        pausedUntil = max(until, pausedUntil ?? until)
    }
}
