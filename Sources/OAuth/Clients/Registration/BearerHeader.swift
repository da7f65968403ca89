package import JOSE

/// The bearer token of a registration request: an initial access token, or the registration access token of one client.
///
/// Spec: RFC 6750 §2.1
package enum BearerHeader {
    /// The token of an `Authorization` header; nil without a header of the scheme `Bearer`.
    package static func token(in header: String?) -> Secret? {
        guard let header, header.utf8.count <= 4096 else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        let token = parts[1].drop { $0 == " " }
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return Secret(String(token))
    }
}
