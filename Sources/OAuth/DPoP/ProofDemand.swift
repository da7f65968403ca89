/// The proof of possession that a code or a refresh token demands of the request that uses it.
///
/// A thief of the code or of the token has no such proof. A request that proves a key gets tokens bound to that key, whatever the
/// demand is.
///
/// Spec: RFC 9449 §5
/// Spec: RFC 9449 §10
package enum ProofDemand: Hashable, Sendable {
    /// No proof: any holder may use it.
    case nothing
    /// A proof of any key, so that no token without a key is issued.
    case anyKey
    /// A proof of the key with this thumbprint.
    case key(KeyThumbprint)

    private static let anyKeyWord = "any"

    /// The text of the demand in the database; nil for `nothing`.
    package var stored: String? {
        switch self {
        case .nothing: nil
        case .anyKey: Self.anyKeyWord
        case .key(let thumbprint): thumbprint.string
        }
    }

    /// Reads the text of the database; nil stands for `nothing`.
    package init(stored text: String?) throws(OAuthValueError) {
        self =
            switch text {
            case nil: .nothing
            case Self.anyKeyWord: .anyKey
            case .some(let thumbprint): .key(try KeyThumbprint(thumbprint))
            }
    }

    /// The refusal of a request that proves this key, or none; nil for a request that meets the demand.
    package func refusal(of proven: KeyThumbprint?) -> OAuthError? {
        switch self {
        case .nothing: nil
        case .anyKey: proven == nil ? .proofMissing : nil
        case .key(let demanded):
            // A thumbprint is public, so the comparison needs no constant time.
            switch proven {
            case nil: .proofMissing
            case demanded: nil
            case .some: Self.otherKey
            }
        }
    }

    private static let otherKey = OAuthError(
        .invalidGrant, "This grant is bound to another key. Prove that key, or start the authorization again.",
        reason: "the proof is of another key")
}

extension OAuthError {
    /// The refusal of a request without a proof, where only tokens that are bound to a key are issued.
    package static let proofMissing = OAuthError(
        .invalidDPoPProof, "Send a DPoP proof: this client or this grant is bound to a key.", reason: "no DPoP header")
}
