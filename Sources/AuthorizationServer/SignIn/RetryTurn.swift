import OAuth

/// Whose turn the next try at a name is, while somebody is guessing.
///
/// A guesser who asks at the very second in which the wait is over would otherwise take every turn. The next one therefore
/// belongs, for two minutes, to a network that was told to wait; who is told to wait meanwhile has the two minutes after
/// those. Networks with few wrong passwords under the name come first, and among equals the last one to ask: a guesser asks
/// right after the try before.
struct RetryTurn<Asker: Hashable & Sendable>: Sendable {
    /// Seconds for which a turn is kept.
    private static var kept: Int64 { 120 }
    /// How many networks' wrong passwords are told apart.
    private static var mostAskers: Int { 16 }
    /// So many wrong passwords are a person's own slips.
    private static var slips: Int { 3 }

    private var failures: [Asker: Int] = [:]
    private var holder: Asker?
    private var successor: Asker?
    /// When the holder's two minutes begin; nil for the end of the wait.
    private var begin: Timestamp?

    /// Notes that `asker` was told to wait before anybody may try.
    mutating func knock(_ asker: Asker) {
        if comesFirst(asker, before: holder) { holder = asker }
        (successor, begin) = (nil, nil)
    }

    /// The seconds for which the turn is kept for somebody else, which `asker` is to be told; 0 when `asker` may have it.
    mutating func wait(for asker: Asker, since opening: Timestamp, now: Timestamp) -> Int64 {
        // A clock that was set back must not make the two minutes longer.
        if let begin, begin > now + Self.kept { pass() }
        while let idle = holder, now >= (begin ?? opening) + Self.kept {
            // Who asks for turns and takes none keeps others out as well as who guesses.
            for _ in 0..<Self.slips { fail(idle) }
            begin = (begin ?? opening) + Self.kept
            (holder, successor) = (successor, nil)
        }
        guard let holder, holder != asker else { return 0 }
        if comesFirst(asker, before: successor) { successor = asker }
        return (begin ?? opening) + Self.kept - now
    }

    private func comesFirst(_ asker: Asker, before other: Asker?) -> Bool {
        guard let other else { return true }
        return failures[asker, default: 0] / Self.slips <= failures[other, default: 0] / Self.slips
    }

    /// The turn was taken.
    mutating func pass() { (holder, successor, begin) = (nil, nil, nil) }

    /// Notes a wrong password.
    mutating func fail(_ asker: Asker) {
        if failures[asker] == nil, failures.count >= Self.mostAskers,
            let fewest = failures.min(by: { $0.value < $1.value })
        {
            failures[fewest.key] = nil
        }
        failures[asker, default: 0] += 1
    }

    /// Notes the right password.
    mutating func clear(_ asker: Asker) { failures[asker] = nil }
}
