import OAuth

/// An address that a page may link to: absolute, printable ASCII, of a scheme that browsers do not execute.
package struct LinkTarget: Sendable, Hashable {
    package let text: PlainText
    /// What a person reads as the place: the host, or the scheme of an app's own address with its colon.
    package let host: PlainText
    /// Whether it leads to an app by a scheme of its own, and not to a web address.
    package let isOwnScheme: Bool
    /// Whether it leads to a program on this person's own machine.
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
    /// Where the samples of pages lead.
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
