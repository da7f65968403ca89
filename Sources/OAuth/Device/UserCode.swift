package import JOSE

/// The code that a device shows and that its user types: eight letters without vowels, shown as `WDJB-MJHT`.
///
/// The alphabet spells no words and has no digits, so that `0` and `O` or `1` and `I` cannot be confused.
/// Spec: RFC 8628 §6.1
package struct UserCode: Hashable, Sendable, RedactedCredential {
    /// The letters of a code. There are 20^8 codes, about 34.6 bits.
    static let alphabet = Array("BCDFGHJKLMNPQRSTVWXZ".utf8)
    private static let length = 8

    /// The eight letters in upper case.
    private let letters: String

    /// Reads a typed code: case, blanks and punctuation do not count. Nil for a text that is no code.
    package init?(_ typed: String) {
        guard typed.utf8.count <= 64 else { return nil }
        var letters: [UInt8] = []
        for scalar in typed.unicodeScalars {
            if scalar.isASCII, scalar.properties.isAlphabetic {
                // Folded by hand, because Unicode has more letters that fold to these.
                letters.append(UInt8(scalar.value) & ~0x20)
            } else if !scalar.isSeparator {
                return nil
            }
        }
        guard letters.count == Self.length, letters.allSatisfy(Self.alphabet.contains) else { return nil }
        self.letters = String(decoding: letters, as: UTF8.self)
    }

    private init(letters: [UInt8]) {
        self.letters = String(decoding: letters, as: UTF8.self)
    }

    /// A new random code.
    package static func random() -> UserCode {
        var letters: [UInt8] = []
        while letters.count < length {
            // 240 is the greatest multiple of 20 in a byte. Without this limit, the first letters would be more frequent.
            letters += Random.bytes(16).filter { $0 < 240 }.map { alphabet[Int($0) % alphabet.count] }
        }
        return UserCode(letters: Array(letters.prefix(length)))
    }

    /// The code as devices and pages show it.
    package var shown: String { "\(letters.prefix(4))-\(letters.suffix(4))" }

    /// The digest that is stored instead of the code.
    ///
    /// All codes can be tried against a plain digest within minutes, so the digest needs a key that is not in the database.
    package func digest(key: [UInt8]) -> Digest? {
        Digest(bytes: HMAC.sha256(key: key, Array("user code".utf8), Array(letters.utf8)))
    }
}

extension Unicode.Scalar {
    /// Whether the scalar is a blank or punctuation, as a user or a paste may put between letters.
    fileprivate var isSeparator: Bool {
        switch properties.generalCategory {
        case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .dashPunctuation,
            .otherPunctuation, .connectorPunctuation:
            true
        default: false
        }
    }
}
