/// A complete document from a stranger's URL, with status 200 and a JSON media type.
package struct FetchedDocument: Sendable {
    /// The URL, as spelled by the caller.
    package let url: String
    /// The body.
    package let body: [UInt8]
    /// Its freshness lifetime in seconds by its header fields; nil if they are missing or forbid caching.
    package let lifetime: Int64?
    /// The IP address of its server.
    package let address: String?
    /// The certificate of its server.
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

    /// Seconds to cache the document: its lifetime within the operator's bounds, or the lower bound without one.
    package func freshFor(min lowest: Int64, max highest: Int64) -> Int64 {
        Swift.max(lowest, Swift.min(lifetime ?? lowest, highest))
    }
}

/// Computes the freshness lifetime of a response.
///
/// Spec: RFC 9111 §4.2
enum Freshness {
    static func lifetime(of response: OutboundResponse) -> Int64? {
        let directives = response.values(of: "cache-control").flatMap { $0.split(separator: ",") }
            .map { $0.trimming(" \t").lowercased() }
        let names = directives.map { $0.prefix { $0 != "=" } }
        guard !names.contains("no-store"), !names.contains("no-cache") else { return nil }
        // One cached document serves all users, so s-maxage comes first; of repeated values the smallest counts.
        guard let span = seconds("s-maxage", in: directives) ?? seconds("max-age", in: directives) else { return nil }
        let age = response.values(of: "age").first.map { number($0.trimming(" \t")) ?? span } ?? 0
        return max(0, span - age)
    }

    private static func seconds(_ name: String, in directives: [String]) -> Int64? {
        let values = directives.filter { $0.hasPrefix(name + "=") }
            .map { number($0.dropFirst(name.count + 1).trimming("\"")) ?? 0 }
        return values.min()
    }

    /// A number of seconds, at most the 2^31 that RFC 9111 prescribes for larger ones.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy(HostSyntax.isDigit) else { return nil }
        return min(Int64(text) ?? .max, 2_147_483_648)
    }
}
