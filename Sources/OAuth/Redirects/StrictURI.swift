/// A URI, parsed strictly without correction or normalisation.
///
/// Refuses everything that two parsers could read differently: userinfo, backslashes, percent-encoded hosts, non-ASCII bytes.
///
/// Spec: RFC 3986 §3
struct StrictURI: Hashable, Sendable {
    static let maximumLength = 2048

    let text: String
    /// The scheme as spelled; case is up to the caller.
    let scheme: String
    let authority: Authority?
    let path: String
    let query: String?
    let fragment: String?

    /// Parses a URI; errors refer to it as `name`.
    init(_ text: String, called name: String) throws(OAuthValueError) {
        let bytes = Array(text.utf8)
        guard (1...Self.maximumLength).contains(bytes.count) else {
            throw OAuthValueError("Give the \(name) as a URI of at most \(Self.maximumLength) characters.")
        }
        guard Self.isSpelledCleanly(bytes) else {
            throw OAuthValueError("The \(name) holds a character that no URI may hold: percent-encode it.")
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), Self.isScheme(bytes[..<colon]) else {
            throw OAuthValueError("Begin the \(name) with its scheme, for example https://.")
        }
        let (beforeFragment, fragment) = Self.cut(bytes[(colon + 1)...], at: UInt8(ascii: "#"))
        var (rest, query) = Self.cut(beforeFragment, at: UInt8(ascii: "?"))
        var authority: Authority?
        if rest.starts(with: "//".utf8) {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            authority = try Authority(rest[..<end], called: name)
            rest = rest[end...]
        }
        guard ![rest, query ?? [], fragment ?? []].contains(where: Self.holdsDelimiter) else {
            throw OAuthValueError("Percent-encode brackets in the \(name), and # but for the one before the fragment.")
        }
        self.text = text
        self.scheme = Self.string(bytes[..<colon])
        self.authority = authority
        self.path = Self.string(rest)
        self.query = query.map(Self.string)
        self.fragment = fragment.map(Self.string)
    }

    /// Whether the path has a `.` or `..` segment, percent-encoded or not.
    var hasDotSegments: Bool {
        path.split(separator: "/", omittingEmptySubsequences: false).contains { segment in
            let plain = segment.lowercased().replacing("%2e", with: ".")
            return plain == "." || plain == ".."
        }
    }

    /// The scheme's default port.
    var defaultPort: Int? {
        switch scheme.lowercased() {
        case "https": 443
        case "http": 80
        default: nil
        }
    }

    static func string(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private static func cut(
        _ bytes: ArraySlice<UInt8>, at mark: UInt8
    ) -> (before: ArraySlice<UInt8>, after: ArraySlice<UInt8>?) {
        guard let index = bytes.firstIndex(of: mark) else { return (bytes, nil) }
        return (bytes[..<index], bytes[(index + 1)...])
    }

    static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, first.isASCIILetter else { return false }
        return bytes.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "+-.".utf8.contains($0) }
    }

    /// Whether there are brackets outside an IP literal: some parsers refuse them, others read their content as the host.
    private static func holdsDelimiter(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.contains { "[]#".utf8.contains($0) }
    }

    /// Whether the bytes are visible ASCII that RFC 3986 permits, with two hex digits after every percent sign.
    private static func isSpelledCleanly(_ bytes: [UInt8]) -> Bool {
        for (index, byte) in bytes.enumerated() {
            guard (0x21...0x7E).contains(byte), !"\\\"<>^`{|}".utf8.contains(byte) else { return false }
            guard byte == UInt8(ascii: "%") else { continue }
            guard index + 2 < bytes.count, bytes[index + 1].isASCIIHexDigit, bytes[index + 2].isASCIIHexDigit else {
                return false
            }
        }
        return true
    }
}

extension StrictURI {
    /// Host and port: no userinfo, no percent-encoding, no empty label.
    struct Authority: Hashable, Sendable {
        /// The host as spelled; an IPv6 literal keeps its brackets.
        let host: String
        let port: Int?

        init(_ bytes: ArraySlice<UInt8>, called name: String) throws(OAuthValueError) {
            guard !bytes.contains(UInt8(ascii: "@")) else {
                throw OAuthValueError("Leave user name and password out of the \(name).")
            }
            let end: Int
            if bytes.first == UInt8(ascii: "["), let close = bytes.firstIndex(of: UInt8(ascii: "]")) {
                end = close + 1
            } else {
                end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
            }
            let host = bytes[..<end]
            guard Self.isHost(host) else {
                throw OAuthValueError("The \(name) needs a plain host name or address after the two slashes.")
            }
            self.host = StrictURI.string(host)
            self.port = try Self.port(bytes[end...], called: name)
        }

        /// The host for display, with a port other than the default.
        func shown(defaultPort: Int) -> String { port.map { $0 == defaultPort ? host : "\(host):\($0)" } ?? host }

        private static func port(_ bytes: ArraySlice<UInt8>, called name: String) throws(OAuthValueError) -> Int? {
            guard let first = bytes.first else { return nil }
            let digits = bytes.dropFirst()
            // A leading zero or a sign would be a second spelling of the same port.
            guard first == UInt8(ascii: ":"), let leading = digits.first, leading != UInt8(ascii: "0"),
                digits.allSatisfy(\.isASCIIDigit), let port = UInt16(StrictURI.string(digits))
            else {
                throw OAuthValueError("The port in the \(name) must be a number between 1 and 65535.")
            }
            return Int(port)
        }

        private static func isHost(_ bytes: ArraySlice<UInt8>) -> Bool {
            guard let first = bytes.first, bytes.count <= 253 else { return false }
            if first == UInt8(ascii: "[") {
                return bytes.last == UInt8(ascii: "]") && IPv6Literal.isValid(bytes.dropFirst().dropLast())
            }
            return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
                !label.isEmpty && label.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "-_".utf8.contains($0) }
            }
        }
    }
}

extension UInt8 {
    var isASCIIDigit: Bool { (0x30...0x39).contains(self) }
    var isASCIILetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
    var isASCIIHexDigit: Bool {
        isASCIIDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
    }
    /// The unreserved set, from which PKCE verifiers are made.
    ///
    /// Spec: RFC 3986 §2.3
    var isUnreserved: Bool { isASCIILetter || isASCIIDigit || "-._~".utf8.contains(self) }
}
