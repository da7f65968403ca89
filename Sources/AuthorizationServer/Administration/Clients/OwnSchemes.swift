import OAuth

/// Which schemes of their own an administrator vouches for in the redirects of a client.
struct OwnSchemes {
    private let named: Set<OwnScheme>

    /// Reads what stands behind `--own-scheme`.
    init(_ names: [String]) throws(OAuthValueError) {
        var named: Set<OwnScheme> = []
        for name in names { named.insert(try OwnScheme(name)) }
        self.named = named
    }

    /// Refuses a redirect of an unfamiliar scheme that nobody named, and a name that no redirect has.
    func check(_ redirects: [RedirectURI]) throws(AdministrationError) {
        let used = Set(redirects.compactMap(\.ownScheme))
        if let scheme = used.first(where: { !$0.isFamiliar && !named.contains($0) }) {
            throw AdministrationError(
                .invalid,
                "No known app has the scheme '\(scheme):', and any app can claim it; if it is this client's own, add "
                    + "--own-scheme \(scheme).")
        }
        if let scheme = named.subtracting(used).first {
            throw AdministrationError(
                .invalid, "No redirect URI begins with '\(scheme):'; leave --own-scheme \(scheme) out.")
        }
    }
}
