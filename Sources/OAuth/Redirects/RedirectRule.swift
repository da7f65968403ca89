/// A redirect URI that the redirect rule has found among the client's own; only the rule makes one.
package struct VerifiedRedirect: Hashable, Sendable {
    /// Where the answer goes, exactly as the client asked.
    package let uri: RedirectURI

    fileprivate init(_ uri: RedirectURI) {
        self.uri = uri
    }
}

/// Decides whether an answer may go where a request wants it.
///
/// Spec: RFC 6749 §3.1.2.3
/// Spec: RFC 8252 §7.3
package enum RedirectRule {
    /// Byte equality first; then, for plain http on one and the same loopback host, equality of everything but the port.
    ///
    /// No `requested` URI at all is fine when exactly one is registered. `localhostAnyPort` says whether the *name*
    /// `localhost` is treated like the addresses, whose port never counts.
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

    /// Why `verify` proved nothing, for operators: what is registered is named whole, of what was asked for the host alone.
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

    /// The redirect that this rule proved earlier, read back from our own storage, which is the only place to take it from.
    package static func proven(kept text: String) throws(OAuthValueError) -> VerifiedRedirect {
        VerifiedRedirect(try RedirectURI(text))
    }
}

extension RedirectURI {
    fileprivate func sharesPath(with other: RedirectURI) -> Bool {
        withoutLoopbackPort.utf8.elementsEqual(other.withoutLoopbackPort.utf8)
    }
}
