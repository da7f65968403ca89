/// The issuer identifier of an authorization server. Clients compare it character by character.
///
/// It is never normalised: any other spelling is refused with an error that names the canonical form.
///
/// Spec: RFC 8414 §2
/// Spec: RFC 9207 §2
package struct Issuer: Hashable, Sendable, CustomStringConvertible {
    /// The issuer as it stands in `iss` and in metadata.
    package let string: String
    /// Scheme, host and port, without the path.
    package let origin: String
    /// The host, without the port; an IPv6 literal has its brackets.
    package let host: String
    /// The port, explicit or the scheme's default.
    package let port: Int
    /// Empty, or a path that begins with a slash and does not end with one.
    package let path: String
    /// Whether the scheme is https; false only for a loopback issuer.
    package let isHTTPS: Bool

    /// Parses an issuer in its canonical spelling.
    package init(_ text: String) throws(OAuthValueError) {
        let uri = try StrictURI(text, called: "issuer")
        guard let authority = uri.authority, let defaultPort = uri.defaultPort else {
            throw OAuthValueError("Begin the issuer with https://, or with http:// on localhost.")
        }
        let scheme = uri.scheme.lowercased()
        let host = authority.host.lowercased()
        guard scheme == "https" || Loopback.contains(host) else {
            throw OAuthValueError("Use https:// in the issuer: http:// is for localhost, 127.0.0.1 and [::1] only.")
        }
        let port = authority.port == defaultPort ? nil : authority.port
        let origin = "\(scheme)://\(host)" + (port.map { ":\($0)" } ?? "")
        let segments = uri.path.split(separator: "/")
        guard !uri.hasDotSegments, !uri.path.contains("%") else {
            throw OAuthValueError("The path of the issuer may hold no dot segments and no percent-encoding.")
        }
        let canonical = origin + segments.map { "/\($0)" }.joined()
        guard text == canonical else {
            throw OAuthValueError(
                "Write the issuer in its canonical form, which is \(canonical) (lower-case host, no default port, "
                    + "no slash at the end, no query, no fragment).")
        }
        self.string = text
        self.origin = origin
        self.host = host
        self.port = port ?? defaultPort
        self.path = uri.path
        self.isHTTPS = scheme == "https"
    }

    /// The URL of an endpoint of this issuer; `path` begins with a slash.
    package func endpoint(_ path: String) -> String { string + path }

    /// The issuer as written.
    package var description: String { string }
}
