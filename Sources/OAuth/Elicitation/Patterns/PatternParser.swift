/// Parses the regular expressions that a finite automaton can match: characters, classes, groups, choices, repetitions and the
/// anchors of the whole value.
///
/// Spec: ECMA-262 §22.2.1
struct PatternParser {
    private static let deepest = 50
    private static let longest = 500
    private static let mostTimes = 500

    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func parsed() throws(PatternError) -> PatternPart {
        guard scalars.count <= Self.longest else {
            throw PatternError("is too long; send at most \(Self.longest) characters.")
        }
        let part = try choice()
        guard place == scalars.count else { throw fault("a closing parenthesis without an opening one") }
        return part
    }

    private var current: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        place += 1
        return true
    }

    private mutating func next() -> Unicode.Scalar? {
        guard let scalar = current else { return nil }
        place += 1
        return scalar
    }

    private mutating func choice() throws(PatternError) -> PatternPart {
        depth += 1
        guard depth <= Self.deepest else { throw PatternError("has too many groups inside each other.") }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        depth -= 1
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence() throws(PatternError) -> PatternPart {
        var parts: [PatternPart] = []
        while let scalar = current, scalar != "|", scalar != ")" { parts.append(try repetition()) }
        return .sequence(parts)
    }

    private mutating func repetition() throws(PatternError) -> PatternPart {
        let part = try atom()
        guard let (least, most) = try times() else { return part }
        switch part {
        case .start, .end: throw fault("a repeated anchor")
        case .scalar, .sequence, .choice, .repeated: break
        }
        // Whether it takes as much or as little as it can makes no difference to whether it matches.
        _ = take("?")
        guard try times() == nil else { throw fault("a repetition of a repetition") }
        return .repeated(part, least: least, most: most)
    }

    private mutating func times() throws(PatternError) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard take("{") else { return nil }
        guard let least = try number() else { throw fault("a brace; write it with a backslash before it") }
        guard take(",") else {
            guard take("}") else { throw fault("a repetition that is not closed") }
            return (least, least)
        }
        let most = try number()
        guard take("}") else { throw fault("a repetition that is not closed") }
        guard most.map({ $0 >= least }) ?? true else { throw fault("a repetition whose limits are reversed") }
        return (least, most)
    }

    private mutating func number() throws(PatternError) -> Int? {
        var number: Int?
        while let scalar = current, ("0"..."9").contains(scalar) {
            number = (number ?? 0) * 10 + Int(scalar.value - 0x30)
            guard number ?? 0 <= Self.mostTimes else {
                throw PatternError("repeats more than \(Self.mostTimes) times; limit the length by maxLength.")
            }
            place += 1
        }
        return number
    }

    private mutating func atom() throws(PatternError) -> PatternPart {
        switch next() {
        case "^": return .start
        case "$": return .end
        case ".": return .scalar(.any)
        case "(": return try group()
        case "[": return .scalar(try characterClass())
        case "\\": return .scalar(try escape())
        case "*", "+", "?": throw fault("a repetition of nothing")
        case "{", "}", "]": throw fault("a bracket; write it with a backslash before it")
        case let scalar?: return .scalar(ScalarSet(scalar))
        case nil: throw fault("an end where a character belongs")
        }
    }

    private mutating func group() throws(PatternError) -> PatternPart {
        if take("?") {
            guard take(":") else { throw Self.notLinear("a look-around, a named group or a flag") }
        }
        let part = try choice()
        guard take(")") else { throw fault("a group that is not closed") }
        return part
    }

    private mutating func characterClass() throws(PatternError) -> ScalarSet {
        let isInverted = take("^")
        var set = ScalarSet()
        while !take("]") {
            let first = try classMember()
            guard current == "-", place + 1 < scalars.count, scalars[place + 1] != "]" else {
                guard set.add(first) else { throw fault("an inverted escape inside a class") }
                continue
            }
            place += 1
            guard let lower = first.single, let upper = try classMember().single, lower <= upper else {
                throw fault("a range whose limits are reversed or no characters")
            }
            _ = set.add(ScalarSet([lower...upper]))
        }
        return isInverted ? set.ordered.inverted : set.ordered
    }

    private mutating func classMember() throws(PatternError) -> ScalarSet {
        switch next() {
        case "\\" where take("b"): return ScalarSet("\u{8}")
        case "\\": return try escape()
        case let scalar?: return ScalarSet(scalar)
        case nil: throw fault("a class that is not closed")
        }
    }

    private mutating func escape() throws(PatternError) -> ScalarSet {
        guard let scalar = next() else { throw fault("a backslash at the end") }
        switch scalar {
        case "d": return .digits
        case "D": return .digits.inverted
        case "w": return .word
        case "W": return .word.inverted
        case "s": return .space
        case "S": return .space.inverted
        case "t": return ScalarSet("\t")
        case "n": return ScalarSet("\n")
        case "r": return ScalarSet("\r")
        case "f": return ScalarSet("\u{C}")
        case "v": return ScalarSet("\u{B}")
        case "x": return try hexadecimal(2)
        case "u": return try hexadecimal(4)
        case "b", "B": throw Self.notLinear("a word boundary")
        case "1"..."9", "k": throw Self.notLinear("a back-reference")
        case "p", "P": throw Self.notLinear("a Unicode property")
        case "0", "c": throw fault("a control character; write it as a backslash, x and two digits")
        case "a"..."z", "A"..."Z": throw fault("an unknown escape")
        default: return ScalarSet(scalar)
        }
    }

    private mutating func hexadecimal(_ digits: Int) throws(PatternError) -> ScalarSet {
        let text = String(String.UnicodeScalarView(scalars[place..<min(place + digits, scalars.count)]))
        guard text.utf8.count == digits, text.utf8.allSatisfy(\.isASCIIHexDigit),
            let scalar = UInt32(text, radix: 16).flatMap(Unicode.Scalar.init)
        else { throw fault("an escape without \(digits) hexadecimal digits of a character") }
        place += digits
        return ScalarSet(scalar)
    }

    private func fault(_ thing: String) -> PatternError {
        PatternError("is no regular expression that Gatehouse reads: it has \(thing), before character \(place + 1).")
    }

    private static func notLinear(_ thing: String) -> PatternError {
        PatternError("has \(thing), which Gatehouse cannot check in linear time; write the pattern without it.")
    }
}

extension ScalarSet {
    /// The value of a set of one scalar; nil for any other.
    fileprivate var single: UInt32? {
        guard !isInverted, ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
