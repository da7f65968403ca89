/// What a client says about itself as `application_type`.
///
/// Spec: OpenID Connect Registration §2
package enum ApplicationType: String, Hashable, Sendable {
    /// A site, whose redirects are https URLs of other machines.
    case web
    /// A program on the user's machine.
    case native
}

/// Decides which redirect URIs a client may register by itself.
package struct RedirectAdmission: Hashable, Sendable {
    private let mode: RegistrationMode
    private let applicationType: ApplicationType?

    /// The rule of `mode` for a client of this type; nil for a client that names none.
    package init(mode: RegistrationMode, applicationType: ApplicationType?) {
        self.mode = mode
        self.applicationType = applicationType
    }

    /// Whether a client may register `redirect`. `isListed` says that the list of known redirects or an operator's own entry
    /// admits it.
    ///
    /// Only those lists admit an app's own scheme, because any other app can claim the scheme too.
    package func admits(_ redirect: RedirectURI, isListed: Bool) -> Bool {
        if applicationType == .web, redirect.isLoopback || redirect.kind != .https { return false }
        switch mode {
        case .off: return false
        case .known: return redirect.isLoopback || isListed
        case .open, .token: return redirect.isLoopback || redirect.kind == .https || isListed
        }
    }
}
