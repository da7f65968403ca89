import JOSE
import OAuth
import Storage

/// What a provider sends back through the person's browser.
///
/// Spec: RFC 6749 §4.1.2
struct ProviderAnswer: Sendable {
    /// What it says.
    enum Outcome: Sendable {
        case code(String)
        /// The person said no over there.
        case denied
        case failed(ProviderFailure)
    }

    private static let longestCode = 4096

    /// The digest of the `state`, if there is one.
    let state: Digest?
    let outcome: Outcome
    private let issuer: String?

    /// Reads the query of a callback; what comes twice is refused.
    init(_ parameters: Parameters) throws(OAuthError) {
        state = try parameters.value(.state).map(Digest.sha256)
        issuer = try parameters.value(.issuer)
        let code = try parameters.value(.code)
        let error = try parameters.value(.error)
        outcome =
            switch (code, error) {
            case (nil, "access_denied"?): .denied
            case (nil, let error?): .failed(.refused(ProviderFailure.code(error)))
            case (let code?, nil) where code.utf8.count <= Self.longestCode: .code(code)
            default: .failed(.unusable("it sent neither a code nor an error"))
            }
    }

    /// Whether the answer is this provider's: an issuer that is named has to be its own, and one that always names itself
    /// has to have done so.
    ///
    /// Spec: RFC 9207 §2.4
    func comesFrom(_ provider: Provider) -> Bool {
        guard let issuer else { return !provider.sendsIssuer }
        guard let expected = provider.issuer else { return true }
        return issuer.utf8.elementsEqual(expected.utf8)
    }
}
