import OAuth

/// A URL that a page may link to: absolute, printable ASCII, and of a scheme that browsers do not execute.
package struct LinkTarget: Sendable, Hashable {
    package let text: PlainText
    /// The place that the page shows: the host with its port, or a private-use scheme with its colon.
    package let host: PlainText
    /// Whether the scheme is neither http nor https, so that an app opens the link.
    package let isOwnScheme: Bool
    /// Whether the host is a loopback address of the user's own machine.
    package let isLoopback: Bool

    package init?(_ address: String) {
        let bytes = address.utf8
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let colon = address.firstIndex(of: ":") else { return nil }
        let scheme = address[..<colon].lowercased()
        guard let first = scheme.utf8.first, (0x61...0x7A).contains(first), !OwnScheme.isDangerous(scheme) else {
            return nil
        }
        let rest = address[colon...].dropFirst()
        text = PlainText(verbatim: address)
        isOwnScheme = scheme != "http" && scheme != "https"
        guard !isOwnScheme else {
            host = PlainText(scheme + ":")
            isLoopback = false
            return
        }
        guard rest.hasPrefix("//") else { return nil }
        let authority = rest.dropFirst(2).prefix { !"/?#\\".contains($0) }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        host = PlainText(String(authority), limit: 255)
        let end = authority.first == "[" ? authority.firstIndex(of: "]").map(authority.index(after:)) : nil
        isLoopback = Loopback.contains(
            String(authority[..<(end ?? authority.firstIndex(of: ":") ?? authority.endIndex)]))
    }
}

extension LinkTarget {
    /// The link target in the samples of pages.
    static let sample = LinkTarget(
        text: "http://127.0.0.1:9000/callback?code=sample&state=sample", host: "127.0.0.1:9000", isOwnScheme: false,
        isLoopback: true)

    private init(text: PlainText, host: PlainText, isOwnScheme: Bool, isLoopback: Bool) {
        self.text = text
        self.host = host
        self.isOwnScheme = isOwnScheme
        self.isLoopback = isLoopback
    }
}
