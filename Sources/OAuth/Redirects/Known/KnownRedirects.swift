/// A redirect of a known client, which a client that registers itself may have without an administrator's permission.
package struct KnownRedirect: Hashable, Sendable {
    /// The redirect, or the prefix of redirects.
    package let pattern: RedirectPattern
    /// The product that receives the authorization response, as users know it.
    package let vendor: String
    /// Whether everyone who uses the product shares the redirect, so that it does not tell who asks.
    package let isShared: Bool
    /// Where the redirect is documented or was observed.
    package let source: String
    /// The day of the source, in the form 2026-09-17.
    package let date: String

    /// Reads a line of the list: pattern, vendor, `shared` or `own`, source and date, separated by bars. Nil for any other line.
    init?(line: some StringProtocol) {
        let cells = line.split(separator: "|").map { $0.trimmedOfBlanks }
        guard cells.count == 5, ["shared", "own"].contains(cells[2]), let pattern = try? RedirectPattern(cells[0])
        else {
            return nil
        }
        self.pattern = pattern
        vendor = cells[1]
        isShared = cells[2] == "shared"
        source = cells[3]
        date = cells[4]
    }
}

/// The redirects of known clients. A client that registers itself under one of them is not thereby that client: the list says
/// where a response may go, and never who asked for it.
package struct KnownRedirects: Sendable {
    /// The list that ships with this version.
    package static let shipped = KnownRedirects(KnownRedirectList.lines.compactMap(KnownRedirect.init(line:)))

    /// All entries, in the order of the list.
    package let entries: [KnownRedirect]
    private let byPattern: [String: KnownRedirect]

    /// A list of these entries; of two with one pattern the first counts.
    init(_ entries: [KnownRedirect]) {
        self.entries = entries
        byPattern = Dictionary(entries.map { ($0.pattern.string, $0) }) { first, _ in first }
    }

    /// The narrowest entry that admits this redirect; nil if none does.
    package func entry(for redirect: RedirectURI) -> KnownRedirect? {
        RedirectPattern.covering(redirect).lazy.compactMap { byPattern[$0] }.first
    }

    /// The entry with exactly this pattern.
    package func entry(with pattern: String) -> KnownRedirect? { byPattern[pattern] }
}

extension StringProtocol {
    fileprivate var trimmedOfBlanks: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
