/// The ended sessions whose tokens may still be unexpired.
///
/// Beyond the limit nothing is silently forgotten: every token issued before then needs introspection.
struct RevokedSessions {
    /// The longest lifetime of an access token, in seconds.
    private static let longestToken: Int64 = 3600
    /// The least tolerated difference of the clocks, in seconds.
    private static let margin: Int64 = 60

    private let limit: Int
    /// Seconds after which every token of an ended session has expired.
    private let kept: Int64
    private var names: Set<String> = []
    /// In order of arrival, which is the order of removal.
    private var order: [(name: String, until: Int64)] = []
    private var first = 0
    /// Tokens issued up to this time may belong to ended sessions that are not remembered here.
    private(set) var doubtedUntil: Int64?
    /// When an ended session was last forgotten; if the clock is set back before then, its tokens look valid again.
    private(set) var forgottenAt: Int64?

    /// `skew` is the number of seconds that a token is accepted after it has expired.
    init(limit: Int = 100_000, skew: Int64 = 0) {
        self.limit = limit
        kept = Self.longestToken + max(skew, Self.margin)
    }

    func contains(_ session: String) -> Bool { names.contains(session) }

    /// Remembers an ended session.
    mutating func remember(_ session: String, now: Int64) {
        forget(now)
        guard names.insert(session).inserted else { return }
        guard names.count <= limit else {
            names = []
            order = []
            first = 0
            return doubt(now)
        }
        order.append((session, now + kept))
    }

    /// Records that unknown sessions may have ended.
    mutating func doubt(_ now: Int64) {
        doubtedUntil = max(now, doubtedUntil ?? now)
    }

    private mutating func forget(_ now: Int64) {
        while first < order.count, order[first].until <= now {
            names.remove(order[first].name)
            forgottenAt = max(now, forgottenAt ?? now)
            first += 1
        }
        if first > order.count / 2 {
            order.removeFirst(first)
            first = 0
        }
    }
}
