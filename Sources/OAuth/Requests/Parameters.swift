/// The parameters of a query or a form, read strictly: nothing repaired, nothing guessed, nothing counted twice.
///
/// Spec: OAuth 2.1 §3.1
/// Spec: RFC 6749 §B
package struct Parameters: Sendable, RedactedCredential {
    static let maximumCount = 100
    static let maximumNameLength = 64

    private let pairs: [(name: String, value: String)]

    /// Reads the query of a URL, without its question mark.
    package init(query: String) throws(OAuthError) {
        try self.init(form: Array(query.utf8))
    }

    /// Reads a body of type `application/x-www-form-urlencoded`.
    ///
    /// Values are limited by what they say, not by how it is encoded. `longestValue` is for forms of our own that carry more
    /// than any client has to say.
    package init(form: [UInt8], longestValue: Int = 8192) throws(OAuthError) {
        var pairs: [(name: String, value: String)] = []
        for pair in form.split(separator: UInt8(ascii: "&")) {
            guard pairs.count < Self.maximumCount else {
                throw OAuthError(.invalidRequest, "Send at most \(Self.maximumCount) parameters.")
            }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let value = equals < pair.endIndex ? pair[(equals + 1)...] : pair[pair.endIndex...]
            pairs.append((try Self.name(pair[..<equals]), try Self.value(value, longestValue)))
        }
        self.pairs = pairs
    }

    /// The value of a parameter; an empty one counts as not sent, a repeated one is refused.
    package func value(_ name: String) throws(OAuthError) -> String? {
        // Byte by byte: Swift takes some different texts, U+212A and the letter K for one, for the same.
        var found = pairs.lazy.filter { $0.name.utf8.elementsEqual(name.utf8) }.makeIterator()
        guard let first = found.next() else { return nil }
        guard found.next() == nil else {
            throw OAuthError(.invalidRequest, "Send the parameter \(name) only once.")
        }
        return first.value.isEmpty ? nil : first.value
    }

    /// The same for a parameter of the protocol.
    package func value(_ name: ParameterName) throws(OAuthError) -> String? { try value(name.rawValue) }

    /// The value of a parameter that has to be there.
    package func required(_ name: ParameterName) throws(OAuthError) -> String {
        guard let value = try value(name) else {
            throw OAuthError(.invalidRequest, "Send the parameter \(name.rawValue).")
        }
        return value
    }

    /// All values of a parameter that may be repeated, without empty ones.
    package func values(_ name: String) -> [String] {
        pairs.lazy.filter { $0.name.utf8.elementsEqual(name.utf8) && !$0.value.isEmpty }.map(\.value)
    }

    /// The values of a parameter of the protocol that may be repeated. An empty one beside another says two things at once
    /// and is refused as a repetition is; alone it counts as not sent.
    package func repeated(_ name: ParameterName) throws(OAuthError) -> [String] {
        let all = pairs.lazy.filter { $0.name.utf8.elementsEqual(name.rawValue.utf8) }.map(\.value)
        let values = all.filter { !$0.isEmpty }
        guard values.count == all.count || all.count == 1 else {
            throw OAuthError(.invalidRequest, "Send the parameter \(name.rawValue) once, or with a value each time.")
        }
        return Array(values)
    }

    /// Whether a parameter was sent at all, be it empty or repeated: only for those that are refused when they are sent
    /// empty.
    package func names(_ name: ParameterName) -> Bool {
        pairs.contains { $0.name.utf8.elementsEqual(name.rawValue.utf8) }
    }

    private static func name(_ bytes: ArraySlice<UInt8>) throws(OAuthError) -> String {
        guard bytes.count <= maximumNameLength else {
            throw OAuthError(
                .invalidRequest, "The name of a parameter may have at most \(maximumNameLength) characters.")
        }
        return try decoded(bytes)
    }

    private static func value(_ bytes: ArraySlice<UInt8>, _ longest: Int) throws(OAuthError) -> String {
        // An encoded byte takes up to three characters: what is longer is not decoded at all.
        guard bytes.count <= 3 * longest, case let value = try decoded(bytes), value.utf8.count <= longest else {
            throw OAuthError(.invalidRequest, "A parameter may have at most \(longest) bytes.")
        }
        return value
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) throws(OAuthError) -> String {
        guard let text = PercentEncoding.decode(bytes) else {
            throw OAuthError(.invalidRequest, "Percent-encode the parameters as UTF-8 without NUL.")
        }
        return text
    }
}
