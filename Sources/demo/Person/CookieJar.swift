/// The cookies of one browser, host by host.
///
/// Spec: RFC 6265 §5.3
struct CookieJar {
    private var cookies: [String: [String: String]] = [:]

    /// Stores or deletes the cookie of a `Set-Cookie` field.
    mutating func store(_ field: String, from host: String) {
        let parts = field.split(separator: ";").map { $0.drop { $0 == " " } }
        guard let pair = parts.first, let equals = pair.firstIndex(of: "=") else { return }
        let isExpired = parts.dropFirst().contains { $0.lowercased() == "max-age=0" }
        cookies[host, default: [:]][String(pair[..<equals])] =
            isExpired ? nil : String(pair[pair.index(after: equals)...])
    }

    /// The `Cookie` field for this host.
    func field(for host: String) -> String? {
        guard let own = cookies[host], !own.isEmpty else { return nil }
        return own.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
    }
}
