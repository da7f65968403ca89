/// A regular expression of a form field, matched in time proportional to the length of the value.
///
/// An MCP server writes the pattern and a user the value. An engine that backtracks can take hours for both together, so only
/// expressions that a finite automaton matches are accepted.
package struct FieldPattern: Hashable, Sendable {
    /// The pattern as it was sent.
    package let text: String
    private let steps: [PatternStep]

    /// Reads a pattern of ECMA-262 that a finite automaton can match.
    package init(_ text: String) throws(PatternError) {
        self.text = text
        var parser = PatternParser(text)
        var program = PatternProgram()
        steps = try program.compiled(parser.parsed())
    }

    /// Whether some part of `value` matches, as JSON Schema wants it; `^` and `$` anchor the pattern to its ends.
    package func matches(_ value: String) -> Bool {
        var current = ThreadSet(count: steps.count)
        var next = ThreadSet(count: steps.count)
        let scalars = Array(value.unicodeScalars)
        for place in 0...scalars.count {
            // A match may begin at every place.
            if follow(from: 0, into: &current, isStart: place == 0, isEnd: place == scalars.count) { return true }
            guard place < scalars.count else { return false }
            next.clear()
            for thread in current.threads {
                guard case .scalar(let set) = steps[thread], set.contains(scalars[place]) else { continue }
                let isEnd = place + 1 == scalars.count
                if follow(from: thread + 1, into: &next, isStart: false, isEnd: isEnd) { return true }
            }
            swap(&current, &next)
        }
        return false
    }

    /// Adds the steps that are reached without reading; true if the pattern is matched. Each step is added at most once, which
    /// bounds the time.
    private func follow(from first: Int, into set: inout ThreadSet, isStart: Bool, isEnd: Bool) -> Bool {
        if case .scalar = steps[first] {
            _ = set.insert(first)
            return false
        }
        var pending = [first]
        while let place = pending.popLast() {
            guard set.insert(place) else { continue }
            switch steps[place] {
            case .scalar: break
            case .split(let one, let other): pending += [one, other]
            case .jump(let target): pending.append(target)
            case .start where isStart: pending.append(place + 1)
            case .end where isEnd: pending.append(place + 1)
            case .start, .end: break
            case .match: return true
            }
        }
        return false
    }

    package static func == (one: Self, other: Self) -> Bool { one.text == other.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// The steps at which a match may stand, each once.
private struct ThreadSet {
    private(set) var threads: [Int] = []
    private var isIn: [Bool]

    init(count: Int) { isIn = Array(repeating: false, count: count) }

    mutating func insert(_ thread: Int) -> Bool {
        guard !isIn[thread] else { return false }
        isIn[thread] = true
        threads.append(thread)
        return true
    }

    mutating func clear() {
        for thread in threads { isIn[thread] = false }
        threads.removeAll(keepingCapacity: true)
    }
}

/// Why a pattern is refused, as the end of a sentence about it.
package struct PatternError: Error, Hashable, Sendable {
    /// Begins with a verb; the name of the member precedes it.
    package let predicate: String

    init(_ predicate: String) { self.predicate = predicate }
}
