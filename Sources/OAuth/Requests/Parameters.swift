/// The parameters of a query or a form, read strictly: a malformed parameter is refused and never repaired.
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
    /// The limit on a value, in bytes, applies after decoding. `longestValue` is greater for forms of this server's own pages, which
    /// carry more than any client sends.
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

    /// The value of a parameter; nil for an absent or an empty one. A repeated parameter is refused.
    package func value(_ name: String) throws(OAuthError) -> String? {
        // Compared by bytes, because Swift's == takes canonically equivalent texts, such as U+212A and K, for equal.
        var found = pairs.lazy.filter { $0.name.utf8.elementsEqual(name.utf8) }.makeIterator()
        guard let first = found.next() else { return nil }
        guard found.next() == nil else {
            throw OAuthError(.invalidRequest, "Send the parameter \(name) only once.")
        }
        return first.value.isEmpty ? nil : first.value
    }

    /// The value of a protocol parameter; nil for an absent or an empty one. A repeated parameter is refused.
    package func value(_ name: ParameterName) throws(OAuthError) -> String? { try value(name.rawValue) }

    /// The value of a mandatory parameter. An absent, empty or repeated one is refused.
    package func required(_ name: ParameterName) throws(OAuthError) -> String {
        guard let value = try value(name) else {
            throw OAuthError(.invalidRequest, "Send the parameter \(name.rawValue).")
        }
        return value
    }

    /// All values of a repeatable parameter, without empty ones.
    package func values(_ name: String) -> [String] {
        pairs.lazy.filter { $0.name.utf8.elementsEqual(name.utf8) && !$0.value.isEmpty }.map(\.value)
    }

    /// The values of a repeatable protocol parameter. A single empty value counts as absent; an empty value beside another one is
    /// ambiguous and refused.
    package func repeated(_ name: ParameterName) throws(OAuthError) -> [String] {
        let all = pairs.lazy.filter { $0.name.utf8.elementsEqual(name.rawValue.utf8) }.map(\.value)
        let values = all.filter { !$0.isEmpty }
        guard values.count == all.count || all.count == 1 else {
            throw OAuthError(.invalidRequest, "Send the parameter \(name.rawValue) once, or with a value each time.")
        }
        return Array(values)
    }

    /// Whether a parameter was sent at all, even empty or repeated: for parameters that are refused when they are sent empty.
    package func names(_ name: String) -> Bool {
        pairs.contains { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// Whether a protocol parameter was sent at all, even empty or repeated.
    package func names(_ name: ParameterName) -> Bool { names(name.rawValue) }

    private static func name(_ bytes: ArraySlice<UInt8>) throws(OAuthError) -> String {
        guard bytes.count <= maximumNameLength else {
            throw OAuthError(
                .invalidRequest, "Parameter names may have at most \(maximumNameLength) characters.")
        }
        return try decoded(bytes)
    }

    private static func value(_ bytes: ArraySlice<UInt8>, _ longest: Int) throws(OAuthError) -> String {
        // An encoded byte takes up to three characters, so a longer text is refused without decoding it.
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
