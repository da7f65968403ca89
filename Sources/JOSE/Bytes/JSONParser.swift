extension JSON {
    /// The limits of a JSON text.
    package struct Limits: Sendable {
        /// The largest number of bytes.
        package var bytes: Int
        /// The greatest nesting depth.
        package var depth: Int
        /// The largest number of members of an object or elements of an array.
        package var members: Int

        /// Makes limits.
        package init(bytes: Int = 64 * 1024, depth: Int = 16, members: Int = 1000) {
            self.bytes = bytes
            self.depth = depth
            self.members = members
        }

        /// 64 KiB, 16 deep, 1,000 members.
        package static let `default` = Limits()
    }

    /// Parses one JSON value; refuses everything that two parsers could read differently.
    package static func parse(_ bytes: [UInt8], limits: Limits = .default) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes, limits)
        return try parser.document()
    }
}

/// A strict parser: UTF-8 without byte-order mark, unique names, no NUL, nothing after the value, with limits on size, depth and
/// members.
///
/// Spec: RFC 8259 §2
/// Spec: RFC 7493 §2
struct JSONParser {
    private let bytes: [UInt8]
    private let limits: JSON.Limits
    private var at = 0
    private var depth = 0
    /// The number of copied bytes, for the test that copying stays proportional to the input.
    private(set) var moved = 0

    init(_ bytes: [UInt8], _ limits: JSON.Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> JSON {
        guard bytes.count <= limits.bytes else { throw JSONError(.tooLarge, at: limits.bytes) }
        guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { throw JSONError(.byteOrderMark, at: 0) }
        skipBlanks()
        let value = try value()
        skipBlanks()
        guard at == bytes.count else { throw JSONError(.trailingBytes, at: at) }
        return value
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private func error(_ reason: JSONError.Reason = .syntax) -> JSONError { JSONError(reason, at: at) }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        at += 1
        return true
    }

    private mutating func value() throws(JSONError) -> JSON {
        switch next {
        case UInt8(ascii: "{"): return try nested { parser throws(JSONError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(JSONError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(_ read: (inout JSONParser) throws(JSONError) -> JSON) throws(JSONError) -> JSON {
        guard depth < limits.depth else { throw error(.tooDeep) }
        depth += 1
        at += 1
        skipBlanks()
        let value = try read(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONError) -> JSON {
        var members: [(name: String, value: JSON)] = []
        // Compared as bytes: Swift's string comparison would merge names that other parsers distinguish.
        var names: Set<[UInt8]> = []
        if skip(UInt8(ascii: "}")) { return .object(JSONObject()) }
        repeat {
            guard members.count < limits.members else { throw error(.tooManyMembers) }
            skipBlanks()
            let start = at
            let name = try string()
            guard names.insert(Array(name.utf8)).inserted else { throw JSONError(.duplicateMember, at: start) }
            skipBlanks()
            guard skip(UInt8(ascii: ":")) else { throw error() }
            skipBlanks()
            members.append((name, try value()))
            skipBlanks()
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "}")) else { throw error() }
        return .object(JSONObject(unique: members))
    }

    private mutating func array() throws(JSONError) -> JSON {
        var elements: [JSON] = []
        if skip(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            guard elements.count < limits.members else { throw error(.tooManyMembers) }
            skipBlanks()
            elements.append(try value())
            skipBlanks()
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "]")) else { throw error() }
        return .array(elements)
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let end = at + word.utf8CodeUnitCount
        let expected = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard end <= bytes.count, bytes[at..<end].elementsEqual(expected) else { throw error() }
        at = end
        return value
    }
}

// MARK: - Texts

/// The buffer of a string with escapes. It is not copyable: a shared array would be copied at each append, and a hostile string
/// would take quadratic time.
struct JSONText: ~Copyable {
    private var bytes: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count: Int
    /// The number of bytes copied so far, including those copied by growing.
    private(set) var moved: Int

    /// Starts with the part of the string before its first escape.
    init(_ plain: ArraySlice<UInt8>) {
        capacity = max(64, 2 * plain.count)
        bytes = .allocate(capacity: capacity)
        _ = UnsafeMutableBufferPointer(start: bytes, count: capacity).initialize(from: plain)
        (count, moved) = (plain.count, plain.count)
    }

    deinit { bytes.deallocate() }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        if count == capacity { grow() }
        bytes[count] = byte
        count += 1
        moved += 1
    }

    /// Doubles the capacity, so that all growth together copies the string at most once.
    private mutating func grow() {
        capacity *= 2
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.initialize(from: bytes, count: count)
        bytes.deallocate()
        bytes = larger
        moved += count
    }

    /// The string, if it is valid UTF-8.
    func validated() -> String? { String(validating: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self) }
}

extension JSONParser {
    private mutating func string() throws(JSONError) -> String {
        guard skip(UInt8(ascii: "\"")) else { throw error() }
        let start = at
        try skipPlain()
        let value = next == UInt8(ascii: "\"") ? plain(from: start) : try escaped(from: start)
        guard let value else { throw JSONError(.invalidUnicode, at: start) }
        at += 1
        return value
    }

    /// A string without escapes, by far the most common kind, is copied once.
    private mutating func plain(from start: Int) -> String? {
        moved += at - start
        return bytes[start..<at].withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
    }

    private mutating func escaped(from start: Int) throws(JSONError) -> String? {
        var text = JSONText(bytes[start..<at])
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw error(.controlCharacter) }
            at += 1
            if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
        }
        guard at < bytes.count else { throw error() }
        moved += text.moved
        return text.validated()
    }

    /// Advances to the next quote or backslash.
    private mutating func skipPlain() throws(JSONError) {
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            guard byte >= 0x20 else { throw error(.controlCharacter) }
            at += 1
        }
        guard at < bytes.count else { throw error() }
    }

    private mutating func escape(into text: inout JSONText) throws(JSONError) {
        guard let letter = next else { throw error() }
        at += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try unicodeScalar()
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { text.append(byte) }
        default: throw error()
        }
    }

    private mutating func unicodeScalar() throws(JSONError) -> Unicode.Scalar {
        let unit = try codeUnit()
        guard unit != 0 else { throw error(.controlCharacter) }
        guard UTF16.isLeadSurrogate(unit) else {
            guard let scalar = Unicode.Scalar(unit) else { throw error(.invalidUnicode) }
            return scalar
        }
        guard skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) else { throw error(.invalidUnicode) }
        let trail = try codeUnit()
        guard UTF16.isTrailSurrogate(trail) else { throw error(.invalidUnicode) }
        return UTF16.decode(UTF16.EncodedScalar([unit, trail]))
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap(hexadecimal) else { throw error() }
            unit = unit << 4 | digit
            at += 1
        }
        return unit
    }

    private func hexadecimal(_ letter: UInt8) -> UInt16? {
        switch letter {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(letter - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(letter - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(letter - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}

// MARK: - Numbers

extension JSONParser {
    private mutating func number() throws(JSONError) -> JSON {
        let start = at
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try digits() }
        var isWhole = true
        if skip(UInt8(ascii: ".")) {
            isWhole = false
            try digits()
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isWhole = false
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        // An integer beyond 64 bits is refused, not rounded: rounding would make two identifiers equal.
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard !isWhole, let value = Double(text), value.isFinite else {
            throw JSONError(.numberOutOfRange, at: start)
        }
        return .number(value)
    }

    private mutating func digits() throws(JSONError) {
        guard isDigit(next) else { throw error() }
        while isDigit(next) { at += 1 }
    }

    private func isDigit(_ byte: UInt8?) -> Bool {
        byte.map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ?? false
    }
}
