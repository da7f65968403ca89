import OAuth

/// The private-use schemes that an administrator confirms for the redirect URIs of a client.
struct OwnSchemes {
    private let named: Set<OwnScheme>

    /// Parses the values of `--own-scheme`.
    init(_ names: [String]) throws(OAuthValueError) {
        var named: Set<OwnScheme> = []
        for name in names { named.insert(try OwnScheme(name)) }
        self.named = named
    }

    /// Throws for a redirect URI with an unknown scheme that is not confirmed, and for a confirmed scheme that no redirect URI has.
    func check(_ redirects: [RedirectURI]) throws(AdministrationError) {
        let used = Set(redirects.compactMap(\.ownScheme))
        if let scheme = used.first(where: { !$0.isFamiliar && !named.contains($0) }) {
            throw AdministrationError(
                .invalid,
                "The scheme '\(scheme):' is not that of a known app, and any app can claim it. If it is this client's own, "
                    + "add --own-scheme \(scheme).")
        }
        if let scheme = named.subtracting(used).first {
            throw AdministrationError(
                .invalid, "No redirect URI starts with '\(scheme):'. Omit --own-scheme \(scheme).")
        }
    }
}
