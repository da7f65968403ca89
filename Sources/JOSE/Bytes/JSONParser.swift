extension JSON {
    /// How much a text may hold before it is refused.
    package struct Limits: Sendable {
        /// The bytes of the whole text.
        package var bytes: Int
        /// The lists and objects inside each other.
        package var depth: Int
        /// The members of one object, and the elements of one list.
        package var members: Int

        /// Limits other than the default ones.
        package init(bytes: Int = 64 * 1024, depth: Int = 16, members: Int = 1000) {
            self.bytes = bytes
            self.depth = depth
            self.members = members
        }

        /// 64 KiB, 16 deep, 1,000 members.
        package static let `default` = Limits()
    }

    /// Reads one JSON value and refuses whatever two readers could understand differently.
    package static func parse(_ bytes: [UInt8], limits: Limits = .default) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes, limits)
        return try parser.document()
    }
}

/// A strict reader: UTF-8 without byte-order mark, every name once, no NUL, nothing after the value, bounded in all
/// directions.
///
/// Spec: RFC 8259 §2
/// Spec: RFC 7493 §2
struct JSONParser {
    private let bytes: [UInt8]
    private let limits: JSON.Limits
    private var at = 0
    private var depth = 0

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

extension JSONParser {
    private mutating func string() throws(JSONError) -> String {
        guard skip(UInt8(ascii: "\"")) else { throw error() }
        let start = at
        var decoded: [UInt8]?
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let raw = decoded ?? Array(bytes[start..<at])
                guard let text = String(validating: raw, as: UTF8.self) else {
                    throw JSONError(.invalidUnicode, at: start)
                }
                at += 1
                return text
            case UInt8(ascii: "\\"):
                var text = decoded ?? Array(bytes[start..<at])
                at += 1
                try escape(into: &text)
                decoded = text
            case 0..<0x20: throw error(.controlCharacter)
            default:
                decoded?.append(byte)
                at += 1
            }
        }
        throw error()
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let letter = next else { throw error() }
        at += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(try unicodeScalar()).utf8))
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
        // A whole number past 64 bits is refused, not rounded: rounding would make two identifiers one.
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
