/// An address that a page may link to: absolute, printable ASCII, of a scheme that browsers do not execute.
package struct LinkTarget: Sendable, Hashable {
    package let text: PlainText
    /// What a person reads as the place: the host, or the scheme of an app's own address.
    package let host: PlainText

    package init?(_ address: String) {
        let bytes = address.utf8
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let colon = address.firstIndex(of: ":") else { return nil }
        let scheme = address[..<colon].lowercased()
        guard let first = scheme.utf8.first, (0x61...0x7A).contains(first), !Self.executed.contains(scheme) else {
            return nil
        }
        let rest = address[colon...].dropFirst()
        text = PlainText(verbatim: address)
        guard scheme == "http" || scheme == "https" else {
            host = PlainText(scheme)
            return
        }
        guard rest.hasPrefix("//") else { return nil }
        let authority = rest.dropFirst(2).prefix { !"/?#\\".contains($0) }
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        host = PlainText(String(authority), limit: 255)
    }

    private static let executed: Set<String> = [
        "javascript", "data", "vbscript", "blob", "about", "file", "filesystem",
    ]
}
