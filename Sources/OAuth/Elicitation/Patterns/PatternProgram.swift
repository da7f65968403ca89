/// A set of Unicode scalars, as a class of a pattern names it.
struct ScalarSet: Hashable, Sendable {
    /// In order and apart, except in a class that is still read.
    private(set) var ranges: [ClosedRange<UInt32>]
    private(set) var isInverted = false

    init(_ ranges: [ClosedRange<UInt32>] = []) { self.ranges = ranges }

    init(_ scalar: Unicode.Scalar) { self.init([scalar.value...scalar.value]) }

    var inverted: ScalarSet {
        var set = self
        set.isInverted.toggle()
        return set
    }

    /// Adds another set to a class; false for an inverted one, which a class of ranges cannot hold.
    mutating func add(_ other: ScalarSet) -> Bool {
        guard !other.isInverted else { return false }
        ranges += other.ranges
        return true
    }

    /// The same set with its ranges in order and apart.
    var ordered: ScalarSet {
        var set = self
        set.ranges = ranges.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { merged, range in
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return set
    }

    /// Searches by halves: a class may have as many ranges as a pattern has characters, and every step asks for every character.
    func contains(_ scalar: Unicode.Scalar) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar.value { low = middle + 1 } else { high = middle }
        }
        return (low < ranges.count && ranges[low].contains(scalar.value)) != isInverted
    }

    static let digits = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
    /// What the dot matches: everything but the ends of lines.
    static let any = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]).inverted
}

/// A part of a parsed pattern.
indirect enum PatternPart: Sendable {
    case scalar(ScalarSet)
    case start
    case end
    case sequence([PatternPart])
    case choice([PatternPart])
    /// The part, at least `least` times and at most `most` times; without limit if `most` is nil.
    case repeated(PatternPart, least: Int, most: Int?)
}

/// A step of the automaton. A step that reads or tests goes on to the next one.
enum PatternStep: Hashable, Sendable {
    case scalar(ScalarSet)
    case split(Int, Int)
    case jump(Int)
    case start
    case end
    case match
}

/// Compiles a parsed pattern. Counted repetitions are written out, so their product bounds the size.
struct PatternProgram {
    /// The most steps of a pattern. With the longest value they bound the work for one field.
    static let mostSteps = 500
    /// The most parts that are written out. Empty ones make no step, but repeating them takes time.
    private static let mostParts = 5_000

    private var steps: [PatternStep] = []
    private var written = 0

    mutating func compiled(_ part: PatternPart) throws(PatternError) -> [PatternStep] {
        try emit(part)
        try append(.match)
        return steps
    }

    private mutating func emit(_ part: PatternPart) throws(PatternError) {
        written += 1
        guard written <= Self.mostParts else { throw Self.tooLarge }
        switch part {
        case .scalar(let set): try append(.scalar(set))
        case .start: try append(.start)
        case .end: try append(.end)
        case .sequence(let parts): for part in parts { try emit(part) }
        case .choice(let parts): try emit(choice: parts[...])
        case .repeated(let part, let least, let most): try emit(part, least: least, most: most)
        }
    }

    private mutating func emit(choice parts: ArraySlice<PatternPart>) throws(PatternError) {
        guard let first = parts.first else { return }
        guard parts.count > 1 else { return try emit(first) }
        let split = try append(.jump(0))
        try emit(first)
        let exit = try append(.jump(0))
        steps[split] = .split(split + 1, steps.count)
        try emit(choice: parts.dropFirst())
        steps[exit] = .jump(steps.count)
    }

    private mutating func emit(_ part: PatternPart, least: Int, most: Int?) throws(PatternError) {
        for _ in 0..<least { try emit(part) }
        guard let most else {
            let split = try append(.jump(0))
            try emit(part)
            try append(.jump(split))
            steps[split] = .split(split + 1, steps.count)
            return
        }
        var splits: [Int] = []
        for _ in least..<max(least, most) {
            splits.append(try append(.jump(0)))
            try emit(part)
        }
        for split in splits { steps[split] = .split(split + 1, steps.count) }
    }

    @discardableResult
    private mutating func append(_ step: PatternStep) throws(PatternError) -> Int {
        guard steps.count < Self.mostSteps else { throw Self.tooLarge }
        steps.append(step)
        return steps.count - 1
    }

    private static let tooLarge = PatternError(
        "is too large; shorten its repetitions, and limit the length by maxLength.")
}
