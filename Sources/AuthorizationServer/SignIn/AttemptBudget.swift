import OAuth

/// How many attempts a key has at once, and how far apart further attempts are.
struct AttemptRate: Sendable {
    /// How many attempts may follow one another without a wait.
    let free: Int
    /// The wait after the last free attempt, in seconds; each further wait is twice as long.
    let first: Int64
    /// The longest wait, in seconds. An attempt stops counting after as many seconds.
    let longest: Int64

    /// For one account name, whether or not an account has it, in browsers in which the account never signed in. At most about
    /// a hundred attempts pass in 24 hours: five at once, and then one each quarter of an hour.
    static let name = AttemptRate(free: 5, first: 900, longest: 900)
    /// For one network over all names: an office behind one address shares it.
    static let network = AttemptRate(free: 30, first: 1, longest: 30)
    /// For one user: in a browser in which the user signed in before, or in forms that ask for secrets.
    static let person = AttemptRate(free: 5, first: 1, longest: 900)

    /// The seconds to wait after the attempt that raised the count to `level`.
    func wait(after level: Int) -> Int64 {
        guard level >= free else { return 0 }
        return min(longest, first << Int64(min(level - free, 20)))
    }
}

/// The attempts that still count under one key.
struct AttemptBudget: Sendable {
    /// The count: each attempt that passes adds one, and each `longest` seconds remove one.
    private(set) var level = 0
    private(set) var notBefore: Timestamp
    private(set) var lastTry: Timestamp
    private var fallsSince: Timestamp

    /// A budget without attempts.
    init(at now: Timestamp) {
        notBefore = now
        lastTry = now
        fallsSince = now
    }

    /// Removes the attempts that no longer count. When the clock was set back, all times move with it, so that no wait grows.
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

    /// The seconds until the next attempt may pass; 0 for now.
    func wait(at now: Timestamp) -> Int64 { max(0, notBefore - now) }

    /// Counts an attempt that passes.
    mutating func count(_ pace: AttemptRate, now: Timestamp) {
        if level == 0 { fallsSince = now }
        level += 1
        lastTry = now
        notBefore = now + pace.wait(after: level)
    }

    /// Removes an attempt that was no guess.
    mutating func refund(now: Timestamp) {
        level = max(0, level - 1)
        notBefore = min(notBefore, now)
    }
}
