/// Why a value has no canonical form.
package enum CanonicalJSONError: String, Error, CustomStringConvertible {
    /// An integer beyond 2^53, which other parsers would round.
    case numberNotExact = "Parsers disagree about integers beyond 2^53. Send the number as a string."
    /// Infinity or NaN.
    case notANumber = "JSON cannot represent this number."

    /// One sentence.
    package var description: String { rawValue }
}

extension JSON {
    /// The canonical form of this value, which every implementation computes alike, for digests and signatures.
    ///
    /// Spec: RFC 8785 §3.2
    package func canonical() throws(CanonicalJSONError) -> [UInt8] {
        var output: [UInt8] = []
        try CanonicalJSON.write(self, to: &output)
        return output
    }
}

extension JSONObject {
    /// The canonical form of this object.
    package func canonical() throws(CanonicalJSONError) -> [UInt8] { try JSON.object(self).canonical() }
}

/// Writes JSON as RFC 8785 does: members sorted by UTF-16, numbers and escapes as ECMAScript writes them.
///
/// Spec: RFC 8785 §3.2.2
/// Spec: RFC 8785 §3.2.3
enum CanonicalJSON {
    private static let largestExact: Int64 = 1 << 53

    static func write(_ value: JSON, to output: inout [UInt8]) throws(CanonicalJSONError) {
        switch value {
        case .null, .bool: output += value.bytes
        case .integer(let number):
            guard (-largestExact...largestExact).contains(number) else { throw .numberNotExact }
            output += Array(String(number).utf8)
        case .number(let number): output += Array(try text(of: number).utf8)
        case .string(let text): write(text, to: &output)
        case .array(let values):
            output.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                try write(value, to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let object):
            let sorted = object.members.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
            output.append(UInt8(ascii: "{"))
            for (index, member) in sorted.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                write(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                try write(member.value, to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case 0x08: output += Array("\\b".utf8)
            case 0x09: output += Array("\\t".utf8)
            case 0x0A: output += Array("\\n".utf8)
            case 0x0C: output += Array("\\f".utf8)
            case 0x0D: output += Array("\\r".utf8)
            case ..<0x20: output += Array((byte < 0x10 ? "\\u000" : "\\u00").utf8) + Array(String(byte, radix: 16).utf8)
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// The number in ECMAScript's notation. Swift computes the same shortest digits but another layout.
    private static func text(of number: Double) throws(CanonicalJSONError) -> String {
        guard number.isFinite else { throw .notANumber }
        guard number != 0 else { return "0" }
        let (digits, point) = decimal(number.magnitude)
        let sign = number < 0 ? "-" : ""
        let count = digits.count
        switch point {
        case count...21: return sign + digits + String(repeating: "0", count: point - count)
        case 1...21: return sign + digits.prefix(point) + "." + digits.dropFirst(point)
        case -5...0: return sign + "0." + String(repeating: "0", count: -point) + digits
        default:
            let exponent = point - 1
            let fraction = count > 1 ? "." + digits.dropFirst() : ""
            return sign + digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+") + String(abs(exponent))
        }
    }

    /// The shortest digits that parse back to `number`, and the position of the decimal point.
    private static func decimal(_ number: Double) -> (digits: String, point: Int) {
        let parts = number.description.split(separator: "e")
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let halves = parts[0].split(separator: ".")
        let whole = halves[0]
        let fraction = halves.count > 1 ? halves[1] : ""
        let all = String(whole + fraction)
        let leading = all.prefix { $0 == "0" }.count
        var digits = all.dropFirst(leading)
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return (String(digits), whole.count + exponent - leading)
    }
}
