/// A stranger's document that arrived whole, as JSON by its media type, with status 200.
package struct FetchedDocument: Sendable {
    /// The URL it came from, as spelled.
    package let url: String
    /// Its bytes.
    package let body: [UInt8]
    /// How many seconds it stays fresh by its own word; none when it says nothing usable or forbids keeping.
    package let lifetime: Int64?
    /// The address that it came from, if it was an Internet address.
    package let address: String?
    /// The certificate that its server proved to own.
    package let certificate: PeerCertificate?

    init(
        url: String, response: OutboundResponse, address: String? = nil, certificate: PeerCertificate? = nil
    ) {
        self.url = url
        self.address = address
        self.certificate = certificate
        body = response.body
        lifetime = Freshness.lifetime(of: response)
    }

    /// How many seconds to keep it: its own word within the operator's bounds, the lower bound when it gives none.
    package func freshFor(min lowest: Int64, max highest: Int64) -> Int64 {
        Swift.max(lowest, Swift.min(lifetime ?? lowest, highest))
    }
}

/// Reads how long an answer stays fresh.
///
/// Spec: RFC 9111 §4.2
enum Freshness {
    static func lifetime(of response: OutboundResponse) -> Int64? {
        let directives = response.values(of: "cache-control").flatMap { $0.split(separator: ",") }
            .map { $0.trimming(" \t").lowercased() }
        let names = directives.map { $0.prefix { $0 != "=" } }
        guard !names.contains("no-store"), !names.contains("no-cache") else { return nil }
        // One document serves all users, so the word for shared caches goes first; of two values the smaller counts.
        guard let span = seconds("s-maxage", in: directives) ?? seconds("max-age", in: directives) else { return nil }
        let age = response.values(of: "age").first.map { number($0.trimming(" \t")) ?? span } ?? 0
        return max(0, span - age)
    }

    private static func seconds(_ name: String, in directives: [String]) -> Int64? {
        let values = directives.filter { $0.hasPrefix(name + "=") }
            .map { number($0.dropFirst(name.count + 1).trimming("\"")) ?? 0 }
        return values.min()
    }

    /// A number of seconds; one too large to count is the largest that RFC 9111 asks for.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy(HostSyntax.isDigit) else { return nil }
        return min(Int64(text) ?? .max, 2_147_483_648)
    }
}
