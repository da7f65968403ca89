/// The URL-safe base64 without padding in which JOSE writes every byte string.
///
/// Only the one canonical spelling decodes: a second spelling of the same bytes would be a second name for one token.
///
/// Spec: RFC 7515 §2
/// Spec: RFC 4648 §5
package enum Base64URL {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    /// The bytes as text.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        bytes.withContiguousStorageIfAvailable(text) ?? Array(bytes).withUnsafeBufferPointer(text)
    }

    /// The bytes of a text, or nil when it is not exactly what `encode` would write.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        let utf8 = text.utf8
        return utf8.withContiguousStorageIfAvailable(decode(buffer:))
            ?? Array(utf8).withUnsafeBufferPointer(decode(buffer:))
    }

    /// The bytes of a text behind so many ASCII characters, under the same rule.
    ///
    /// It takes no generic text, which other modules would pass unspecialised, at many times the cost.
    package static func decode(_ text: String, behind prefix: Int) -> [UInt8]? {
        tail(text, prefix, decode(buffer:))
    }

    /// Whether the text behind so many ASCII characters is exactly what `encode` would write.
    package static func isCanonical(_ text: String, behind prefix: Int) -> Bool {
        tail(text, prefix, isCanonical(buffer:))
    }

    private static func tail<T>(_ text: String, _ prefix: Int, _ read: (UnsafeBufferPointer<UInt8>) -> T) -> T {
        var text = text
        return text.withUTF8 { read(UnsafeBufferPointer(rebasing: $0.dropFirst(prefix))) }
    }

    /// Appends the text of `bytes` to `output`, for writers that build one buffer.
    static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        bytes.withUnsafeBufferPointer { input in
            output.append(
                contentsOf: [UInt8](unsafeUninitializedCapacity: length(input.count)) { target, count in
                    count = write(input, to: target)
                })
        }
    }

    /// Decodes a slice of a larger text, under the same rule as `decode(_:)`.
    static func decode(slice: ArraySlice<UInt8>) -> [UInt8]? {
        slice.withUnsafeBufferPointer(decode(buffer:))
    }

    private static func text(_ input: UnsafeBufferPointer<UInt8>) -> String {
        String(unsafeUninitializedCapacity: length(input.count)) { write(input, to: $0) }
    }

    private static func length(_ count: Int) -> Int { (count * 4 + 2) / 3 }

    private static func write(_ input: UnsafeBufferPointer<UInt8>, to output: UnsafeMutableBufferPointer<UInt8>) -> Int
    {
        let letters = UnsafeBufferPointer(start: alphabet.utf8Start, count: 64)
        var written = 0
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for byte in input {
            pending = pending << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                output[written] = letters[Int(pending >> bits & 63)]
                written += 1
            }
        }
        guard bits > 0 else { return written }
        output[written] = letters[Int(pending << (6 - bits) & 63)]
        return written + 1
    }

    private static func isCanonical(buffer letters: UnsafeBufferPointer<UInt8>) -> Bool {
        var last: UInt32 = 0
        for letter in letters {
            guard let value = value(of: letter) else { return false }
            last = value
        }
        // Of the last letter only the bits that complete a byte may be set.
        switch letters.count % 4 {
        case 0: return true
        case 2: return last & 0b1111 == 0
        case 3: return last & 0b11 == 0
        default: return false
        }
    }

    private static func decode(buffer input: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard input.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(input.count * 3 / 4)
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for letter in input {
            guard let value = value(of: letter) else { return nil }
            pending = pending << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
            }
        }
        // Left-over bits that are not zero would be a second spelling of the same bytes.
        return pending & (1 << bits - 1) == 0 ? bytes : nil
    }

    private static func value(of letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
