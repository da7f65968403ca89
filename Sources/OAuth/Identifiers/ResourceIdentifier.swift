/// The identifier of a protected resource (an MCP server), as its owner spells it.
///
/// `==` compares the spelling; requests are matched by `comparable`, and tokens carry the registered spelling.
///
/// Spec: RFC 8707 §2
package struct ResourceIdentifier: Hashable, Sendable, CustomStringConvertible {
    /// The identifier as spelled.
    package let string: String
    /// The form for matching: lower-case scheme and host, no default port, `/` for an empty path; otherwise unchanged.
    package let comparable: String
    /// The host in lower case; an IPv6 literal has its brackets.
    package let host: String
    /// Scheme, host and port in comparable form.
    package let origin: String
    /// The path as spelled, possibly empty.
    package let path: String
    /// The query as spelled, without its question mark.
    package let query: String?
    /// Whether tokens sent there are protected by TLS or stay on this machine.
    package let isConfidential: Bool

    /// Parses an absolute http or https URI in ASCII, without fragment.
    package init(_ text: String) throws(OAuthValueError) {
        let uri = try StrictURI(text, called: "resource")
        guard let authority = uri.authority, let defaultPort = uri.defaultPort else {
            throw OAuthValueError("Give the resource as the https:// or http:// URL of the MCP server.")
        }
        guard uri.fragment == nil else {
            throw OAuthValueError("Leave the fragment out of the resource.")
        }
        let scheme = uri.scheme.lowercased()
        let host = authority.host.lowercased()
        let port = authority.port == defaultPort ? nil : authority.port
        let origin = "\(scheme)://\(host)" + (port.map { ":\($0)" } ?? "")
        self.string = text
        self.origin = origin
        self.comparable = origin + (uri.path.isEmpty ? "/" : uri.path) + (uri.query.map { "?\($0)" } ?? "")
        self.host = host
        self.path = uri.path
        self.query = uri.query
        self.isConfidential = scheme == "https" || Loopback.contains(host)
    }

    /// Whether both identify the same MCP server.
    package func matches(_ other: ResourceIdentifier) -> Bool { comparable == other.comparable }

    /// The identifier as spelled.
    package var description: String { string }
}
