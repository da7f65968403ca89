import OAuth

/// How many tries are free under a key, and how far apart the others are.
struct AttemptRate: Sendable {
    /// So many may follow one another at once.
    let free: Int
    /// Seconds after the last free one; each further wait is twice as long.
    let first: Int64
    /// The longest wait. A try is forgotten after as many seconds.
    let longest: Int64

    /// One account name, whether an account has it or not, in browsers that the account never signed in in. In any 24 hours
    /// at most a hundred tries pass: five at once, and then one each quarter of an hour.
    static let name = AttemptRate(free: 5, first: 900, longest: 900)
    /// One network over all names: an office behind one address has to get by on it.
    static let network = AttemptRate(free: 30, first: 1, longest: 30)
    /// One person: in a browser in which they signed in before, or in forms that ask for secrets.
    static let person = AttemptRate(free: 5, first: 1, longest: 900)

    /// The seconds to wait after the try that made so many.
    func wait(after level: Int) -> Int64 {
        guard level >= free else { return 0 }
        return min(longest, first << Int64(min(level - free, 20)))
    }
}

/// The tries that still count under one key.
struct AttemptBudget: Sendable {
    /// How many there are: each passed try adds one, and each `longest` seconds take one away.
    private(set) var level = 0
    private(set) var notBefore: Timestamp
    private(set) var lastTry: Timestamp
    private var fallsSince: Timestamp

    /// No tries yet.
    init(at now: Timestamp) {
        notBefore = now
        lastTry = now
        fallsSince = now
    }

    /// Forgets what is long enough ago. A clock that was set back takes all times along, so that nobody waits for longer.
    mutating func settle(_ pace: AttemptRate, now: Timestamp) {
        let back = lastTry - now
        if back > 0 {
            (notBefore, lastTry) = (Timestamp(seconds: notBefore.seconds - back), now)
            fallsSince = Timestamp(seconds: fallsSince.seconds - back)
        }
        let steps = (now - fallsSince) / pace.longest
        guard steps > 0 else { return }
        level -= Int(min(Int64(level), steps))
        fallsSince = level == 0 ? now : fallsSince + steps * pace.longest
    }

    /// The seconds until the next try may pass.
    func wait(at now: Timestamp) -> Int64 { max(0, notBefore - now) }

    /// Counts a try that passes.
    mutating func count(_ pace: AttemptRate, now: Timestamp) {
        if level == 0 { fallsSince = now }
        level += 1
        lastTry = now
        notBefore = now + pace.wait(after: level)
    }

    /// Takes back a try that proved nothing against anybody.
    mutating func takeBack(now: Timestamp) {
        level = max(0, level - 1)
        notBefore = min(notBefore, now)
    }
}
