/// A redirect URI that may be registered: its form is safe, but nobody has proven that it belongs to the client who sent it.
///
/// Spec: RFC 6749 §3.1.2
/// Spec: RFC 8252 §7
package struct RedirectURI: Hashable, Sendable, CustomStringConvertible {
    /// What kind of place the answer goes to.
    package enum Kind: Hashable, Sendable {
        /// A web address under TLS.
        case https
        /// Plain http to a program on the person's own machine.
        case loopback
        /// A scheme that an app claims on a device, which another app may claim as well; for registered clients only.
        case privateUse
    }

    /// The URI as spelled, which is what gets compared.
    package let string: String
    /// What kind of place it is.
    package let kind: Kind
    /// The host as spelled, if the scheme has one.
    package let host: String?
    /// The scheme, if it is an app's own.
    package let ownScheme: OwnScheme?
    /// What a person reads as the place where the answer goes: the host, with its port where that is another web site's, or
    /// the scheme of an app's own.
    package let place: String
    /// Whether the host is this person's own machine, with TLS or without.
    package let isLoopback: Bool
    /// The URI without the port where the port does not count: equal for two runs of one native app.
    package let withoutLoopbackPort: String

    /// Reads a redirect URI and refuses every scheme, host and query that could send a code astray.
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

/// The parameters that an authorization response brings: none may be waiting in a redirect URI already.
private enum ResponseParameters {
    static let names: Set<String> = [
        "code", "state", "iss", "error", "error_description", "error_uri", "response", "access_token", "id_token",
        "token_type", "expires_in", "session_state",
    ]

    static func first(in query: String?) -> String? {
        guard let query else { return nil }
        // Some frameworks part at a semicolon too, and all of them decode the names.
        for pair in query.split(whereSeparator: { $0 == "&" || $0 == ";" }) {
            guard let plain = PercentEncoding.decode(pair.prefix { $0 != "=" }) else { return "that" }
            // And some of them take code[] for the same parameter as code.
            let name = plain.prefix { $0 != "[" }.lowercased()
            guard !names.contains(name) else { return name }
        }
        return nil
    }
}
