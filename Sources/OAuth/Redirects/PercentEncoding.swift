/// The percent-encoding of forms and queries, decoded strictly.
///
/// Spec: RFC 6749 §B
package enum PercentEncoding {
    /// Decodes a text; nil for a malformed escape, invalid UTF-8 or a NUL.
    package static func decode(_ text: some StringProtocol) -> String? { decode(Array(text.utf8)[...]) }

    /// Decodes bytes under the same rules.
    static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "+"):
                plain.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard index + 2 < bytes.endIndex, let high = hexValue(bytes[index + 1]),
                    let low = hexValue(bytes[index + 2])
                else { return nil }
                plain.append(high << 4 | low)
                index += 2
            case let byte:
                plain.append(byte)
            }
            index += 1
        }
        guard !plain.contains(0) else { return nil }
        return String(validating: plain, as: UTF8.self)
    }

    /// Encodes every character except the unreserved ones.
    package static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            guard !byte.isUnreserved else {
                encoded.append(byte)
                continue
            }
            encoded += [UInt8(ascii: "%"), hexDigit(byte >> 4), hexDigit(byte & 0xF)]
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x41 + value - 10
    }
}
