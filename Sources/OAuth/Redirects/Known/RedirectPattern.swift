/// What a list of redirects admits: one redirect URI, or everything below a path of one https host, written with `/*` at its end.
///
/// An exact pattern compares bytes. A path below a prefix is accepted only in a spelling that every parser reads alike, because a
/// code goes wherever the browser takes it: `https://host/callbacks/..%2f..%2fevil` is not below `/callbacks`.
///
/// Spec: RFC 9700 §4.1.3
package struct RedirectPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as lists store it: a scheme of an app's own is in lower case.
    package let string: String
    /// Whether the pattern admits every redirect below its path.
    package let isPrefix: Bool
    /// The private-use scheme of the redirect, if it has one.
    package let ownScheme: OwnScheme?

    private static let mark = "/*"
    /// The deepest path that is compared with prefixes; the known callbacks have four segments at most.
    private static let mostSegments = 16

    /// Parses a pattern; the error says how to write it.
    package init(_ text: String) throws(OAuthValueError) {
        isPrefix = text.hasSuffix(Self.mark)
        let redirect = try RedirectURI(isPrefix ? String(text.dropLast()) : text)
        guard redirect.kind != .loopback else {
            throw OAuthValueError(
                "A redirect to http://\(redirect.host ?? "localhost") leads to the user's own computer and needs no permission."
            )
        }
        let uri = try StrictURI(redirect.string, called: "redirect URI")
        ownScheme = redirect.ownScheme
        if isPrefix {
            guard redirect.kind == .https, Self.isPlainAuthority(uri), uri.query == nil,
                let segments = Self.segments(of: uri.path), segments.last == ""
            else {
                throw OAuthValueError(
                    "Write a prefix as https://HOST/PATH/* with a host in lower case, no port, no query, and a path of letters, "
                        + "digits, '-', '.', '_' and '~'.")
            }
            string = text
        } else {
            guard !text.contains("*") else {
                throw OAuthValueError(
                    "Write the * of a prefix at its end, behind a slash, for example https://app.example/oauth/*.")
            }
            guard redirect.kind != .privateUse || uri.query == nil else {
                throw OAuthValueError("Leave the query out of a redirect with an app's own scheme.")
            }
            string = Self.spelled(redirect)
        }
    }

    /// The pattern as lists store it.
    package var description: String { string }

    /// The spellings of all patterns that admit a redirect, the narrowest first: the redirect itself, then each prefix of its path.
    ///
    /// A list looks each of them up, so that its length does not matter. A loopback redirect has none.
    package static func covering(_ redirect: RedirectURI) -> [String] {
        switch redirect.kind {
        case .loopback: []
        case .privateUse: [spelled(redirect)]
        case .https: [redirect.string] + prefixes(of: redirect)
        }
    }

    private static func prefixes(of redirect: RedirectURI) -> [String] {
        guard let uri = try? StrictURI(redirect.string, called: "redirect URI"), let authority = uri.authority,
            isPlainAuthority(uri), uri.query == nil, let segments = segments(of: uri.path)
        else { return [] }
        // A prefix admits what is below it, not the folder itself.
        let depth = segments.last == "" ? segments.count - 1 : segments.count
        return (0..<depth).reversed().map { length in
            "https://\(authority.host)" + segments.prefix(length).map { "/\($0)" }.joined() + mark
        }
    }

    /// Whether the host is in lower case and without a port: another port is another server, and another case another spelling.
    private static func isPlainAuthority(_ uri: StrictURI) -> Bool {
        guard let authority = uri.authority else { return false }
        return authority.port == nil && authority.host == authority.host.lowercased()
    }

    /// The segments of a path that every parser splits alike; nil for any other path.
    ///
    /// Refuses percent-encoding (`%2e%2e`, `%2f`), dot segments, path parameters (`..;`), empty segments but the last, and
    /// characters that servers treat differently.
    private static func segments(of path: String) -> [String]? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard (1...mostSegments).contains(segments.count) else { return nil }
        for (index, segment) in segments.enumerated() {
            guard !segment.isEmpty || index == segments.count - 1 else { return nil }
            guard segment != ".", segment != "..", segment.utf8.allSatisfy(\.isUnreserved) else { return nil }
        }
        return segments
    }

    /// The redirect with its private-use scheme in lower case: devices ignore the case of a scheme.
    private static func spelled(_ redirect: RedirectURI) -> String {
        guard let scheme = redirect.ownScheme else { return redirect.string }
        return scheme.string + redirect.string.drop { $0 != ":" }
    }
}
