/// The sessions that have ended, for as long as a token of one may still look good.
///
/// What does not fit is not forgotten but doubted: then every token that was issued before has to be asked about.
struct RevokedSessions {
    /// The longest that an access token lives, with a minute for clocks that differ.
    static let kept: Int64 = 3600 + 60

    private let limit: Int
    private var names: Set<String> = []
    /// In the order in which they came, and with that in the order in which they are forgotten.
    private var order: [(name: String, until: Int64)] = []
    private var first = 0
    /// Tokens that were issued up to this moment may be of a session whose end is not remembered here.
    private(set) var doubtedUntil: Int64?

    init(limit: Int = 100_000) {
        self.limit = limit
    }

    func contains(_ session: String) -> Bool { names.contains(session) }

    /// Remembers an end.
    mutating func remember(_ session: String, now: Int64) {
        forget(now)
        guard names.insert(session).inserted else { return }
        guard names.count <= limit else { return doubt(now) }
        order.append((session, now + Self.kept))
    }

    /// Says that sessions have ended which nobody named, and makes room.
    mutating func doubt(_ now: Int64) {
        names = []
        order = []
        first = 0
        doubtedUntil = max(now, doubtedUntil ?? now)
    }

    private mutating func forget(_ now: Int64) {
        while first < order.count, order[first].until <= now {
            names.remove(order[first].name)
            first += 1
        }
        if first > order.count / 2 {
            order.removeFirst(first)
            first = 0
        }
    }
}
