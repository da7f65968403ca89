extension JSON {
    /// The value as compact JSON in UTF-8, members in their order.
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(256)
        JSONWriter.write(self, to: &output)
        return output
    }

    /// The value as compact JSON text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSONObject {
    /// The object as compact JSON in UTF-8, members in their order.
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(512)
        JSONWriter.write(self, to: &output)
        return output
    }

    /// The object as compact JSON text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Writes JSON into one growing buffer.
///
/// Spec: RFC 8259 §7
enum JSONWriter {
    static func write(_ value: JSON, to output: inout [UInt8]) {
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: value ? "true".utf8 : "false".utf8)
        case .integer(let value): output.append(contentsOf: String(value).utf8)
        // JSON cannot represent infinity; parsers expect null instead.
        case .number(let value): output.append(contentsOf: value.isFinite ? value.description.utf8 : "null".utf8)
        case .string(let value): write(value, to: &output)
        case .array(let values):
            output.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                write(value, to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let object): write(object, to: &output)
        }
    }

    static func write(_ object: JSONObject, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        var first = true
        for (name, value) in object.members {
            if !first { output.append(UInt8(ascii: ",")) }
            first = false
            write(name, to: &output)
            output.append(UInt8(ascii: ":"))
            write(value, to: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        // Almost every string needs no escape and is copied in one step.
        if text.utf8.contains(where: needsEscape) {
            for byte in text.utf8 { writeEscaped(byte, to: &output) }
        } else {
            output.append(contentsOf: text.utf8)
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func writeEscaped(_ byte: UInt8, to output: inout [UInt8]) {
        guard needsEscape(byte) else { return output.append(byte) }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): writeEscape(byte, to: &output)
        case 0x0A: writeEscape(UInt8(ascii: "n"), to: &output)
        case 0x0D: writeEscape(UInt8(ascii: "r"), to: &output)
        case 0x09: writeEscape(UInt8(ascii: "t"), to: &output)
        default:
            writeEscape(UInt8(ascii: "u"), to: &output)
            output.append(UInt8(ascii: "0"))
            output.append(UInt8(ascii: "0"))
            output.append(hexDigit(byte >> 4))
            output.append(hexDigit(byte & 15))
        }
    }

    private static func writeEscape(_ letter: UInt8, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        output.append(letter)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
