package import OAuth
import Storage

/// The step before the sign-in in which a user types a name or an e-mail address. The domain of an address leads to its identity
/// provider; everything else leads to the password, and so does the button for it.
///
/// No account is looked up, so the step answers the same for a name that exists and for one that does not.
package struct NamedSignIn: Sendable {
    let upstream: UpstreamSignIn

    /// What the browser is shown.
    package enum Outcome: Sendable {
        /// As after the button of a provider.
        case upstream(UpstreamSignIn.Outcome)
        /// No provider has the domain: the page again, with the name.
        case page(SignInEndpoint.Prompt, name: String, choosesPassword: Bool)
    }

    /// Handles the typed name; nil for a form that names a provider instead.
    package func begin(_ form: Parameters, browser: Browser) async throws -> Outcome? {
        let choosesPassword = try form.value("way") == "password"
        // The button for the password needs no name.
        guard try form.value("provider") == nil,
            let typed = try form.value("username") ?? (choosesPassword ? "" : nil)
        else { return nil }
        let (name, token) = (AdministrationText.trimmed(typed), try form.value("interaction") ?? "")
        if !choosesPassword, let domain = EmailAddress(name)?.domain,
            let provider = try await upstream.store.read({ try $0.homeRealms.provider(of: domain) })
        {
            return .upstream(try await upstream.begin(at: provider.string, token: token, hint: name, browser: browser))
        }
        switch try await upstream.page.open(token, browser: browser) {
        case .unusable(let outcome): return .upstream(.page(outcome))
        case .current(let waiting, _): return .page(waiting.prompt, name: name, choosesPassword: choosesPassword)
        }
    }
}

extension Gatehouse {
    /// The sign-in that begins with a name.
    package var namedSignIn: NamedSignIn { NamedSignIn(upstream: upstreamSignIn) }
}
