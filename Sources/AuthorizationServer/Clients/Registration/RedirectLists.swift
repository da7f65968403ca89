import OAuth
import Storage

extension RegistrationMode {
    /// The rule for the redirects of clients that are registered already. `off` ends registration and not the registered
    /// clients, whose redirects are then judged by the strictest mode.
    fileprivate var rule: RegistrationMode { self == .off ? .known : self }
}

extension Transaction {
    /// Whether the list of known redirects or an operator's own entry admits a redirect.
    func isListed(_ redirect: RedirectURI) throws -> Bool {
        try KnownRedirects.shipped.entry(for: redirect) != nil || allowedRedirects.admits(redirect)
    }
}

extension ClientDirectory {
    /// A client with those redirects that may be used today. A client that registered itself loses a redirect when the mode of
    /// registration or the lists no longer admit it; one with an initial access token keeps what it registered.
    func admitted(_ client: Client, in transaction: Transaction) throws -> Client {
        guard case .dynamic(let record) = client.origin, !record.isInvited else { return client }
        let rule = RedirectAdmission(mode: settings.registration.rule, applicationType: nil)
        let redirects = try client.metadata.redirectURIs.filter {
            try rule.admits($0, isListed: transaction.isListed($0))
        }
        return client.redirected(to: redirects)
    }
}
