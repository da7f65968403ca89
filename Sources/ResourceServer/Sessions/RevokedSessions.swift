/// The sessions that have ended, for as long as a token of one may still look good.
///
/// What does not fit is not forgotten but doubted: then every token that was issued before has to be asked about.
struct RevokedSessions {
    /// The longest that an access token lives.
    private static let longestToken: Int64 = 3600
    /// What clocks may differ by at least.
    private static let margin: Int64 = 60

    private let limit: Int
    /// Seconds after which no token of a session can look good any more.
    private let kept: Int64
    private var names: Set<String> = []
    /// In the order in which they came, and with that in the order in which they are forgotten.
    private var order: [(name: String, until: Int64)] = []
    private var first = 0
    /// Tokens that were issued up to this moment may be of a session whose end is not remembered here.
    private(set) var doubtedUntil: Int64?
    /// When an end was last forgotten: before that moment its tokens would look good again.
    private(set) var forgottenAt: Int64?

    /// `skew` is how many seconds a token is taken for after its end.
    init(limit: Int = 100_000, skew: Int64 = 0) {
        self.limit = limit
        kept = Self.longestToken + max(skew, Self.margin)
    }

    func contains(_ session: String) -> Bool { names.contains(session) }

    /// Remembers an end.
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

    /// Says that sessions may have ended which nobody named.
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
