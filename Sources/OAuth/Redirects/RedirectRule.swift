/// A redirect URI that `RedirectRule` has found among the client's registered ones; only the rule makes one.
package struct VerifiedRedirect: Hashable, Sendable {
    /// The redirect URI exactly as requested.
    package let uri: RedirectURI

    fileprivate init(_ uri: RedirectURI) {
        self.uri = uri
    }
}

/// Decides whether a requested redirect URI belongs to the client.
///
/// Spec: RFC 6749 §3.1.2.3
/// Spec: RFC 8252 §7.3
package enum RedirectRule {
    /// Requires byte equality or, for plain http on the same loopback host, equality except for the port.
    ///
    /// Without a `requested` URI the only registered one is used. `localhostAnyPort` extends the port exception from the loopback
    /// addresses to the name `localhost`.
    package static func verify(
        _ requested: String?, registered: [RedirectURI], localhostAnyPort: Bool
    ) -> VerifiedRedirect? {
        guard let requested else {
            return registered.count == 1 ? registered.first.map(VerifiedRedirect.init) : nil
        }
        if let same = registered.first(where: { $0.string.utf8.elementsEqual(requested.utf8) }) {
            return VerifiedRedirect(same)
        }
        guard let uri = try? RedirectURI(requested), uri.kind == .loopback else { return nil }
        guard localhostAnyPort || uri.host != "localhost" else { return nil }
        let isRegistered = registered.contains { candidate in
            candidate.kind == .loopback
                && candidate.withoutLoopbackPort.utf8.elementsEqual(uri.withoutLoopbackPort.utf8)
        }
        return isRegistered ? VerifiedRedirect(uri) : nil
    }

    /// Why `verify` failed, for operators: names the registered URIs in full, but only the host of the requested one.
    package static func difference(
        _ requested: String?, registered: [RedirectURI], localhostAnyPort: Bool
    ) -> String {
        let known = registered.prefix(4).map(\.string).joined(separator: ", ")
        guard let requested else { return "no redirect_uri was sent, and \(registered.count) are registered" }
        guard let uri = try? RedirectURI(requested) else { return "the redirect_uri is malformed" }
        let alike = registered.filter { $0.kind == uri.kind && $0.host == uri.host }
        guard !alike.isEmpty else {
            return "no redirect of the app has this scheme and the host \(uri.host ?? "of none"); it has \(known)"
        }
        if uri.host == "localhost", !localhostAnyPort, alike.contains(where: { $0.sharesPath(with: uri) }) {
            return "only the port differs, which counts for localhost while clients.localhost_any_port is off"
        }
        return "the host is right, and path, query or port are not those of \(known)"
    }

    /// A redirect that this rule verified before it was stored. The text must come from the database only.
    package static func proven(kept text: String) throws(OAuthValueError) -> VerifiedRedirect {
        VerifiedRedirect(try RedirectURI(text))
    }
}

extension RedirectURI {
    fileprivate func sharesPath(with other: RedirectURI) -> Bool {
        withoutLoopbackPort.utf8.elementsEqual(other.withoutLoopbackPort.utf8)
    }
}
