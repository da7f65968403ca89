import JOSE
import OAuth
import Storage

/// The authorization response of a provider, as the browser brings it.
///
/// Spec: RFC 6749 §4.1.2
struct ProviderAnswer: Sendable {
    /// The outcome that the provider reports.
    enum Outcome: Sendable {
        case code(String)
        /// The user denied the request at the provider.
        case denied
        case failed(ProviderFailure)
    }

    private static let longestCode = 4096
    /// The errors that a user causes who denies or leaves the provider's pages. OpenID providers also use those of a request that no
    /// page may interrupt: LemonLDAP::NG answers a denied consent with `consent_required`.
    ///
    /// Spec: OpenID Connect Core §3.1.2.6
    private static let denials: Set<String> = [
        "access_denied", "account_selection_required", "consent_required", "interaction_required", "login_required",
    ]

    /// The digest of the `state` parameter; nil without one. The database keeps digests only.
    let state: Digest?
    let outcome: Outcome
    private let issuer: String?

    /// Reads the query of a callback; a repeated parameter is refused.
    init(_ parameters: Parameters) throws(OAuthError) {
        state = try parameters.value(.state).map(Digest.sha256)
        issuer = try parameters.value(.issuer)
        let code = try parameters.value(.code)
        let error = try parameters.value(.error)
        outcome =
            switch (code, error) {
            case (nil, let error?) where Self.denials.contains(error): .denied
            case (nil, let error?): .failed(.refused(ProviderFailure.code(error)))
            case (let code?, nil) where code.utf8.count <= Self.longestCode: .code(code)
            default: .failed(.unusable("it sent neither a code nor an error"))
            }
    }

    /// Whether the answer is from this provider: a named issuer must be the provider's, and a provider that announces
    /// `iss` must have sent it. Otherwise another provider could inject its own code (mix-up attack).
    ///
    /// Spec: RFC 9207 §2.4
    func comesFrom(_ provider: Provider) -> Bool {
        guard let issuer else { return !provider.sendsIssuer }
        guard let expected = provider.issuer else { return true }
        return issuer.utf8.elementsEqual(expected.utf8)
    }
}
