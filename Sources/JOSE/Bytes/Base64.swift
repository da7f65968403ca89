/// Standard base64, in which HTTP Basic, scrypt's password notation and MCP's header fields write bytes.
///
/// Only the canonical spelling decodes: letters outside the alphabet, line breaks, missing or superfluous padding and set bits
/// behind the last byte are refused, because a second spelling would be a second name for one credential.
///
/// Spec: RFC 4648 §4
package enum Base64 {
    /// The bytes as text with padding, or without it where the notation has none.
    package static func encode(_ bytes: some Collection<UInt8>, padded: Bool = true) -> String {
        let text = Base64Codec.standard.encode(bytes)
        return padded ? text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4) : text
    }

    /// The bytes of a text, or nil unless `encode` with the same `padded` would write exactly this text.
    package static func decode(_ text: some StringProtocol, padded: Bool = true) -> [UInt8]? {
        var letters = Array(text.utf8)[...]
        if padded {
            guard letters.count % 4 == 0 else { return nil }
            let padding = letters.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
            letters.removeLast(padding)
        }
        return letters.withUnsafeBufferPointer(Base64Codec.standard.decode)
    }
}

/// The one implementation of base64, for both alphabets. Neither direction knows padding.
struct Base64Codec: Sendable {
    static let standard = Base64Codec("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    static let url = Base64Codec("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    private let alphabet: StaticString
    /// The letters for 62 and 63, in which the two alphabets differ.
    private let last: (UInt8, UInt8)

    private init(_ alphabet: StaticString) {
        self.alphabet = alphabet
        last = (alphabet.utf8Start[62], alphabet.utf8Start[63])
    }

    func encode(_ bytes: some Collection<UInt8>) -> String {
        bytes.withContiguousStorageIfAvailable(text) ?? Array(bytes).withUnsafeBufferPointer(text)
    }

    private func text(_ input: UnsafeBufferPointer<UInt8>) -> String {
        String(unsafeUninitializedCapacity: Self.length(input.count)) { write(input, to: $0) }
    }

    /// The number of letters for so many bytes.
    static func length(_ count: Int) -> Int { (count * 4 + 2) / 3 }

    /// Writes the letters into `output`, which has room for `length`, and returns how many it wrote.
    func write(_ input: UnsafeBufferPointer<UInt8>, to output: UnsafeMutableBufferPointer<UInt8>) -> Int {
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

    /// Whether `decode` would succeed, without the array that it returns.
    func isCanonical(_ letters: UnsafeBufferPointer<UInt8>) -> Bool {
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

    /// The bytes of canonical letters, or nil.
    func decode(_ input: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
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

    private func value(of letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter - UInt8(ascii: "0")) + 52
        case last.0: 62
        case last.1: 63
        default: nil
        }
    }
}
