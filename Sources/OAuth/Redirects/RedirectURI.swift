/// A redirect URI with safe syntax. Whether it belongs to the client that sent it is not verified.
///
/// Spec: RFC 6749 §3.1.2
/// Spec: RFC 8252 §7
package struct RedirectURI: Hashable, Sendable, CustomStringConvertible {
    /// The kind of target.
    package enum Kind: Hashable, Sendable {
        /// An https URL.
        case https
        /// Plain http to a program on the user's machine.
        case loopback
        /// A private-use scheme, which several apps may claim; for registered clients only.
        case privateUse
    }

    /// The URI as spelled, which is the form for comparison.
    package let string: String
    /// The kind of target.
    package let kind: Kind
    /// The host as spelled, if the scheme has one.
    package let host: String?
    /// The private-use scheme, if it has one.
    package let ownScheme: OwnScheme?
    /// The target for display: the host, with a port where another web site may listen, or the private-use scheme.
    package let place: String
    /// Whether the host is loopback, with TLS or without.
    package let isLoopback: Bool
    /// The URI without a port that does not count, so that it is equal for two runs of a native app.
    package let withoutLoopbackPort: String

    /// Parses a redirect URI; refuses schemes, hosts and queries that could leak a code.
    package init(_ text: String) throws(OAuthValueError) {
        let uri = try StrictURI(text, called: "redirect URI")
        guard uri.fragment == nil else {
            throw OAuthValueError("Leave the fragment out of the redirect URI.")
        }
        let (kind, ownScheme) = try Self.kind(of: uri)
        if let name = ResponseParameters.first(in: uri.query) {
            throw OAuthValueError("Leave \(name) out of the query of the redirect URI: the answer brings its own.")
        }
        self.string = text
        self.kind = kind
        self.ownScheme = ownScheme
        host = uri.authority?.host
        let site = uri.authority.map { kind == .https ? $0.shown(defaultPort: 443) : $0.host }
        place = ownScheme.map { "\($0):" } ?? site ?? text
        isLoopback = ownScheme == nil && uri.authority.map { Loopback.contains($0.host) } ?? false
        if kind == .loopback, let host = uri.authority?.host {
            withoutLoopbackPort = "http://\(host)\(uri.path)" + (uri.query.map { "?\($0)" } ?? "")
        } else {
            withoutLoopbackPort = text
        }
    }

    /// The URI as spelled.
    package var description: String { string }

    private static func kind(of uri: StrictURI) throws(OAuthValueError) -> (Kind, OwnScheme?) {
        switch (uri.scheme, uri.authority) {
        case ("https", .some):
            return (.https, nil)
        case ("http", .some(let authority)) where Loopback.contains(authority.host):
            return (.loopback, nil)
        case ("http", .some):
            throw OAuthValueError(
                "Use https:// in the redirect URI: http:// is for localhost, 127.0.0.1 and [::1] only.")
        case (let scheme, _) where ["http", "https"].contains(scheme.lowercased()):
            throw OAuthValueError(
                "Begin the redirect URI with https:// in lower case and a host, or with http:// on localhost.")
        default:
            let scheme = try OwnScheme(uri.scheme)
            guard uri.authority != nil || !uri.path.isEmpty else {
                throw OAuthValueError(
                    "Give the redirect URI something behind '\(scheme):', for example \(scheme):/callback.")
            }
            return (.privateUse, scheme)
        }
    }
}

/// The parameters of an authorization response; a redirect URI must not contain any of them.
private enum ResponseParameters {
    static let names: Set<String> = [
        "code", "state", "iss", "error", "error_description", "error_uri", "response", "access_token", "id_token",
        "token_type", "expires_in", "session_state",
    ]

    static func first(in query: String?) -> String? {
        guard let query else { return nil }
        // Some frameworks also split at semicolons, and all of them decode names.
        for pair in query.split(whereSeparator: { $0 == "&" || $0 == ";" }) {
            guard let plain = PercentEncoding.decode(pair.prefix { $0 != "=" }) else { return "that" }
            // Some frameworks treat code[] as code.
            let name = plain.prefix { $0 != "[" }.lowercased()
            guard !names.contains(name) else { return name }
        }
        return nil
    }
}
