import OAuth

/// Decides which network has the next attempt at an account name while the name is under attack.
///
/// Without turns, a guesser who asks at the very second in which the wait ends would take every attempt and lock the user out.
/// The next attempt is therefore reserved, for two minutes, for a network that was told to wait; a network that is told to
/// wait meanwhile has the two minutes after those. Networks with few wrong passwords under the name come first, and among
/// equals the last one to ask, because a guesser asks right after the attempt before.
struct RetryTurn<Asker: Hashable & Sendable>: Sendable {
    /// For how many seconds a turn is reserved.
    private static var reserved: Int64 { 120 }
    /// Of how many networks the wrong passwords are counted.
    private static var mostAskers: Int { 16 }
    /// As many wrong passwords are taken for a user's own mistakes.
    private static var slips: Int { 3 }

    private var failures: [Asker: Int] = [:]
    private var holder: Asker?
    private var successor: Asker?
    /// When the reservation of the holder begins; nil for the end of the wait.
    private var begin: Timestamp?

    /// Registers `asker`, which was told to wait while no attempt may pass.
    mutating func knock(_ asker: Asker) {
        if comesFirst(asker, before: holder) { holder = asker }
        (successor, begin) = (nil, nil)
    }

    /// The seconds for which the turn is reserved for another network; 0 when `asker` may have the turn.
    mutating func wait(for asker: Asker, since opening: Timestamp, now: Timestamp) -> Int64 {
        // A clock that was set back must not extend the reservation.
        if let begin, begin > now + Self.reserved { pass() }
        while let idle = holder, now >= (begin ?? opening) + Self.reserved {
            // A network that reserves turns and does not use them locks the user out as a guesser does.
            for _ in 0..<Self.slips { fail(idle) }
            begin = (begin ?? opening) + Self.reserved
            (holder, successor) = (successor, nil)
        }
        guard let holder, holder != asker else { return 0 }
        if comesFirst(asker, before: successor) { successor = asker }
        return (begin ?? opening) + Self.reserved - now
    }

    private func comesFirst(_ asker: Asker, before other: Asker?) -> Bool {
        guard let other else { return true }
        return failures[asker, default: 0] / Self.slips <= failures[other, default: 0] / Self.slips
    }

    /// Ends the turn, after an attempt passed.
    mutating func pass() { (holder, successor, begin) = (nil, nil, nil) }

    /// Counts a wrong password of `asker`.
    mutating func fail(_ asker: Asker) {
        if failures[asker] == nil, failures.count >= Self.mostAskers,
            let fewest = failures.min(by: { $0.value < $1.value })
        {
            failures[fewest.key] = nil
        }
        failures[asker, default: 0] += 1
    }

    /// Forgets the wrong passwords of `asker`, after the right one.
    mutating func clear(_ asker: Asker) { failures[asker] = nil }
}
