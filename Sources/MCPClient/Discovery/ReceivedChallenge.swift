/// A challenge of a `WWW-Authenticate` field, as a client reads it.
///
/// Spec: RFC 9110 §11.6.1
/// Spec: RFC 9728 §5.1
package struct ReceivedChallenge: Hashable, Sendable {
    /// The scheme as it was spelled, such as `Bearer`.
    package let scheme: String
    private var parameters: [String: String] = [:]

    private init(scheme: String) {
        self.scheme = scheme
    }

    /// The value of a parameter, whose name is case-insensitive; of a repeated one the first.
    package subscript(name: String) -> String? { parameters[name.lowercased()] }

    /// The challenge for access tokens among all fields of a response, `Bearer` before `DPoP`; nil without one.
    package static func forTokens(in fields: [String]) -> ReceivedChallenge? {
        let found = fields.flatMap { all(in: $0) }
        func first(_ scheme: String) -> ReceivedChallenge? { found.first { $0.scheme.lowercased() == scheme } }
        return first("bearer") ?? first("dpop")
    }

    /// The challenges of one field. A malformed end is ignored, so that a challenge before it still counts.
    package static func all(in field: String) -> [ReceivedChallenge] {
        var scanner = Scanner(rest: field.unicodeScalars[...])
        var challenges: [ReceivedChallenge] = []
        while let word = scanner.word() {
            if let value = scanner.value() {
                guard let last = challenges.indices.last else { break }
                let name = word.lowercased()
                challenges[last].parameters[name] = challenges[last].parameters[name] ?? value
            } else {
                challenges.append(ReceivedChallenge(scheme: word))
                scanner.skipBlob()
            }
        }
        return challenges
    }

    /// Reads the words and values of a field.
    private struct Scanner {
        var rest: String.UnicodeScalarView.SubSequence

        private static func isToken(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "!", "#", "$", "%", "&", "'", "*", "+", "-", ".", "^", "_", "`", "|",
                "~":
                true
            default: false
            }
        }

        /// The next token behind spaces and commas; nil at the end, or where no token begins.
        mutating func word() -> String? {
            rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
            let word = rest.prefix(while: Self.isToken)
            rest = rest[word.endIndex...]
            return word.isEmpty ? nil : String(word)
        }

        /// The value behind an equals sign; nil if none follows, and then nothing is read.
        mutating func value() -> String? {
            var after = rest.drop { $0 == " " || $0 == "\t" }
            guard after.first == "=" else { return nil }
            after = after.dropFirst().drop { $0 == " " || $0 == "\t" }
            guard after.first == "\"" else {
                let word = after.prefix(while: Self.isToken)
                guard !word.isEmpty else { return nil }
                rest = after[word.endIndex...]
                return String(word)
            }
            after = after.dropFirst()
            var text = String.UnicodeScalarView()
            while let scalar = after.popFirst(), scalar != "\"" {
                if scalar == "\\", let escaped = after.popFirst() {
                    text.append(escaped)
                } else {
                    text.append(scalar)
                }
            }
            rest = after
            return String(text)
        }

        /// Skips the credential-like text that may follow a scheme instead of parameters, such as `Negotiate oRQ=`.
        mutating func skipBlob() {
            var ahead = self
            guard ahead.word() != nil, ahead.value() == nil else { return }
            rest = rest.drop { $0 == " " }.drop { $0 != "," }
        }
    }
}
